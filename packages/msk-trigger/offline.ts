interface Parts {
  start(): void
  /** @param skipExit true if the process continues afterwards */
  stop(skipExit?: boolean): Promise<void>
}

/** Members of serverless-offline that the trigger replaces. */
interface Offline {
  start(): Promise<void>
  end(skipExit?: boolean): Promise<void>
}

/**
 * Starts and stops the trigger with plain `serverless offline`, which starts, runs and ends within a single hook. It calls `start`
 * and `end` through its own properties, so both are replaced once all plugins are initialized.
 *
 * @returns false if serverless-offline is not among the plugins
 */
export function followOffline(plugins: readonly object[], { start, stop }: Parts): boolean {
  const offline = plugins.find(plugin => plugin.constructor.name === 'ServerlessOffline') as
    | Offline
    | undefined
  if (!offline) return false
  const startOffline = offline.start.bind(offline)
  const endOffline = offline.end.bind(offline)
  offline.start = async () => {
    start()
    await startOffline()
  }
  offline.end = async (...args) => {
    await stop(...args)
    await endOffline(...args)
  }
  return true
}
