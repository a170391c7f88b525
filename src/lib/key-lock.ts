/** Tasks of one key run one after the other, in the order they came; those of different keys don't wait. */
export function keyLock(): <T>(key: string, task: () => Promise<T>) => Promise<T> {
  const last = new Map<string, Promise<unknown>>();
  return (key, task) => {
    const before = last.get(key) ?? Promise.resolve();
    const mine = before.then(task, task);
    last.set(key, mine);
    const forget = () => void (last.get(key) === mine && last.delete(key));
    mine.then(forget, forget);
    return mine;
  };
}
