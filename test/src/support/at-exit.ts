const actions = new Set<() => void>();

process.once('exit', () => {
  for (const action of actions) action();
});

/** Runs `action` when this process ends, however it ends by itself. Returns how to call it off. */
export function atExit(action: () => void): () => void {
  actions.add(action);
  return () => actions.delete(action);
}
