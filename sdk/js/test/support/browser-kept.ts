import type { Tab } from "./browser.ts";

/** kept returns all that scripts of the page can read of what the browser keeps, as one text. */
export function kept(tab: Tab): Promise<string> {
  return tab.page.evaluate(async () => {
    const rows: unknown[] = [];
    for (const { name = "" } of await indexedDB.databases()) {
      const database = await settled(indexedDB.open(name));
      for (const store of database.objectStoreNames) {
        rows.push(name, store, await settled(database.transaction(store).objectStore(store).getAll()));
      }
    }
    const caches_ = await Promise.all((await caches.keys()).map(async (key) => (await caches.open(key)).keys()));
    return JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie, rows, caches_.flat(), name]);

    function settled<T>(request: IDBRequest<T>): Promise<T> {
      return new Promise((done, failed) => {
        request.onsuccess = () => done(request.result);
        request.onerror = () => failed(request.error);
      });
    }
  });
}
