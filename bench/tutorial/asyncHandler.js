export class ApiError extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

export const asyncHandler = (handler) => (req, res, next) => Promise.resolve(handler(req, res, next)).catch(next);

export const respond = (res, status, data, message) => res.status(status).json({ success: true, message, ...data });

// Express takes a function of four for a handler of errors.
export function errorHandler(error, _req, res, _next) {
  const status = error.status ?? 500;
  if (status >= 500) console.error(error);
  res.status(status).json({ success: false, message: status < 500 ? error.message : "Something went wrong" });
}
