import process from 'node:process'

/** Oldest supported Node.js version. It is the first one that supports zstd, one of Kafka's codecs. */
const OLDEST = { major: 22, minor: 15 }

/**
 * Rejects a Node.js version that cannot run the plugin, before the plugin uses a missing feature.
 *
 * @throws Error that the framework shows as a message
 */
function assertSupportedNode(version: string): void {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  if (major > OLDEST.major || (major === OLDEST.major && minor >= OLDEST.minor)) return
  const needed = `${OLDEST.major}.${OLDEST.minor}`
  const error = new Error(
    `serverless-offline-msk-trigger needs Node ${needed} or later, and this is ${version}.`,
  )
  // The framework shows errors of this name as a message, and all others as a crash.
  throw Object.assign(error, { name: 'ServerlessError', code: 'MSK_TRIGGER_NODE' })
}

assertSupportedNode(process.versions.node)
