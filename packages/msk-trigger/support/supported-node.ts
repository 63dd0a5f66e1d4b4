import process from 'node:process'

/** Oldest supported major version of Node.js. */
const OLDEST = 24

/**
 * Rejects a Node.js version that cannot run the plugin, before the plugin uses a missing feature.
 *
 * @throws Error that the framework shows as a message
 */
function assertSupportedNode(version: string): void {
  if (Number.parseInt(version, 10) >= OLDEST) return
  const error = new Error(
    `serverless-offline-msk-trigger needs Node ${OLDEST} or later, and this is ${version}.`,
  )
  // The framework shows errors of this name as a message, and all others as a crash.
  throw Object.assign(error, { name: 'ServerlessError', code: 'MSK_TRIGGER_NODE' })
}

assertSupportedNode(process.versions.node)
