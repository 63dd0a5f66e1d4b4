/** Why something that was still starting has ended: a stop was requested. */
export class StopRequested extends Error {
  override readonly name = 'StopRequested'
}

/**
 * Returns a signal that is aborted when this process should stop: on Ctrl-C, SIGTERM, a closed terminal, or the death
 * of the bootstrap. Repeated requests change nothing, because everything that is waited for has its own time limit.
 */
export function stopRequest(): AbortSignal {
  const controller = new AbortController()
  const stop = () => controller.abort(new StopRequested('stop requested'))
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop)
  process.on('disconnect', stop)
  // After the terminal has closed, output during the shutdown has nowhere to go.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', stop)
  return controller.signal
}
