export interface WaitingRoom {
  seats: number;
  /** What a task is refused with that finds no seat. */
  whenFull: () => Error;
}

/** Lets at most `limit` tasks run at once; the others wait in the order they came, as many as there are seats. */
export function semaphore(limit: number, room?: WaitingRoom): <T>(task: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = [];
  let running = 0;

  const enter = async (): Promise<void> => {
    if (running < limit) running += 1;
    else if (room && waiting.length >= room.seats) throw room.whenFull();
    else await new Promise<void>((resolve) => waiting.push(resolve));
  };
  // A task that ends hands its place to the next one, so `running` stays as it is.
  const leave = (): void => {
    const next = waiting.shift();
    if (next) next();
    else running -= 1;
  };

  return async (task) => {
    await enter();
    try {
      return await task();
    } finally {
      leave();
    }
  };
}
