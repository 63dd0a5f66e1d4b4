import process from 'node:process'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/**
 * Sees to it that a signal stops the trigger from the first moment on: serverless-offline listens only when it is up,
 * and a process that is ended before that would keep its partitions until its session is over. Where somebody else
 * listens as well, that one ends the process. Returns what takes the listeners away.
 */
export function stopOnSignals(stop: () => Promise<void>): () => void {
  const onSignal = (signal: NodeJS.Signals) => {
    const isAlone = process.listenerCount(signal) === 1
    void stop().then(() => {
      if (isAlone) process.kill(process.pid, signal)
    })
  }
  for (const signal of SIGNALS) process.on(signal, onSignal)
  return () => {
    for (const signal of SIGNALS) process.off(signal, onSignal)
  }
}
