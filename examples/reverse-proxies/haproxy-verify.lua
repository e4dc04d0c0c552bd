-- Asks Mayfly who a request is from. A good answer leaves its headers in the variables txn.mayfly.*; any other is given to
-- the client as it is, so that a 401 stays one and carries its reason.

local passed_on = { "authorization", "cookie", "origin", "sec-fetch-site", "user-agent", "host" }
local told = { "user", "session", "email", "username", "roles" }
local given_back = { "content-type", "www-authenticate", "retry-after", "cache-control", "x-request-id" }

-- HAProxy gives each header as a list that begins at 0.
local function question(txn)
  local sent = txn.http:req_get_headers()
  local headers = { ["x-forwarded-method"] = { txn.f:method() }, ["x-forwarded-for"] = { txn.f:src() } }
  for _, name in ipairs(passed_on) do
    if sent[name] then
      headers[name] = {}
      for i = 0, #sent[name] do
        table.insert(headers[name], sent[name][i])
      end
    end
  end
  return headers
end

local function refuse(txn, answer)
  local reply = txn:reply({ status = 503 })
  if answer and answer.status and answer.status >= 400 then
    reply:set_status(answer.status)
    for _, name in ipairs(given_back) do
      if answer.headers[name] then
        reply:add_header(name, answer.headers[name][0])
      end
    end
    reply:set_body(answer.body or "")
  else
    reply:add_header("retry-after", "2")
    reply:add_header("content-type", "application/problem+json")
    reply:set_body('{"status":503,"title":"Service Unavailable","code":"unavailable",'
      .. '"detail":"Nobody can be asked who you are right now.","fix":"Try again in a moment."}')
  end
  txn:done(reply)
end

core.register_action("verify", { "http-req" }, function(txn, url)
  local answer = core.httpclient():get({ url = url, headers = question(txn), timeout = 10000 })
  if not answer or answer.status ~= 204 then
    return refuse(txn, answer)
  end
  for _, name in ipairs(told) do
    local value = answer.headers["x-mayfly-" .. name]
    if value then
      txn:set_var("txn.mayfly." .. name, value[0])
    end
  end
end, 1)
