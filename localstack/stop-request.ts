/** Why something that was still starting has ended: somebody asked for it. */
export class StopRequested extends Error {
  override readonly name = 'StopRequested'
}

/**
 * A signal that is aborted when somebody wants this process to end: Ctrl-C, SIGTERM, the terminal closed, or the
 * bootstrap gone. Asking again changes nothing; all that is waited for has a time limit of its own.
 */
export function stopRequest(): AbortSignal {
  const controller = new AbortController()
  const stop = () => controller.abort(new StopRequested('asked to stop'))
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop)
  process.on('disconnect', stop)
  // With the terminal gone, what is printed while ending has nowhere to go.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', stop)
  return controller.signal
}
