/** Error that is thrown if a stop request arrives before a program has started. */
export class StopRequested extends Error {
  override readonly name = 'StopRequested'
}

/**
 * Returns a signal that is aborted when this process should stop: on Ctrl-C, SIGTERM, a closed terminal, or the death of the
 * bootstrap. Repeated requests have no effect, because each step of the shutdown has its own time limit.
 */
export function stopRequest(): AbortSignal {
  const controller = new AbortController()
  const stop = () => controller.abort(new StopRequested('stop requested'))
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop)
  process.on('disconnect', stop)
  // An error while writing also means that the terminal was closed.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', stop)
  return controller.signal
}
