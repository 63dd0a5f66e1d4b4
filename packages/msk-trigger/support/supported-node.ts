import process from 'node:process'

/** Oldest supported version of Node.js: it strips types from TypeScript without an option. */
const OLDEST = { major: 22, minor: 18 }

/**
 * Rejects a Node.js version that cannot run the plugin, before the plugin uses a missing feature.
 *
 * @throws Error that the framework shows as a message
 */
function assertSupportedNode(version: string): void {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  if (major > OLDEST.major || (major === OLDEST.major && minor >= OLDEST.minor)) return
  const error = new Error(
    `serverless-offline-msk-trigger needs Node ${OLDEST.major}.${OLDEST.minor} or later, and this is ${version}.`,
  )
  // The framework shows errors of this name as a message, and all others as a crash.
  throw Object.assign(error, { name: 'ServerlessError', code: 'MSK_TRIGGER_NODE' })
}

assertSupportedNode(process.versions.node)
