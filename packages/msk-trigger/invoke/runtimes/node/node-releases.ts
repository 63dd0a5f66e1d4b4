/**
 * Differences between the Node.js releases of Lambda's runtimes, and which of them the thread of a handler imitates. This module has
 * no imports, because threads load it.
 *
 * Sources: https://nodejs.org/en/blog/release and https://docs.aws.amazon.com/lambda/latest/dg/lambda-nodejs.html
 */

interface Release {
  readonly major: number
  /** Globals that this release has added. */
  readonly globals: readonly string[]
  /** Members of older globals that this release has added. Node.js itself uses them, so they cannot be removed. */
  readonly members: readonly string[]
  /** Features that this release has removed, and that handlers of older runtimes still use. */
  readonly removed?: readonly string[]
}

const RELEASES: readonly Release[] = [
  { major: 18, globals: ['fetch', 'FormData', 'Headers', 'Request', 'Response'], members: [] },
  { major: 20, globals: ['crypto', 'CustomEvent'], members: ['Array.prototype.toSorted'] },
  {
    major: 22,
    globals: ['WebSocket', 'navigator'],
    members: ['Promise.withResolvers', 'Object.groupBy', 'Array.fromAsync', 'Set.prototype.union'],
    removed: ['import with assert', 'crypto.createCipher'],
  },
  {
    major: 24,
    globals: ['URLPattern', 'Float16Array'],
    members: ['Promise.try', 'RegExp.escape', 'Error.isError'],
    removed: ['util.isString', 'fs.F_OK'],
  },
]

/** Returns true if Lambda passes a callback to handlers of this runtime. From nodejs24.x on, it refuses handlers that declare one. */
export function hasCallbacks(runtime: string): boolean {
  return toMajor(runtime) < 24
}

/**
 * Returns the options with which Lambda starts Node.js. They switch off what this Node.js does by default, unless `NODE_OPTIONS` of
 * the function switches it on again. Older releases do not have these features.
 *
 * @param hasLoader false if Node.js itself loads TypeScript, for which it has to detect the syntax of modules
 */
export function startOptions(runtime: string, hasLoader: boolean): string[] {
  // As AWS documents it, nodejs20.x detects the syntax of modules too.
  const detects = toMajor(runtime) === 20 || !hasLoader
  return ['--no-experimental-require-module', ...(detects ? [] : ['--no-experimental-detect-module'])]
}

/** Returns what to do about a module that loads only here, or only in the cloud; undefined for other errors. */
export function explainLoadError(
  { code, message }: NodeJS.ErrnoException,
  runtime: string,
): string | undefined {
  if (code === 'ERR_REQUIRE_ESM' && toMajor(runtime) >= 20)
    return `Lambda switches this off for ${runtime}: NODE_OPTIONS=--experimental-require-module in the environment of the function allows it`
  // Version 2 of the AWS SDK, or version 3.
  const sdk = toMajor(runtime) < 18 ? /'(aws-sdk)\b/ : /'(@aws-sdk\/[\w-]+)/
  const [, name] = code?.endsWith('MODULE_NOT_FOUND') ? (sdk.exec(message) ?? []) : []
  return name && `${runtime} contains ${name}, and this machine does not: npm install --save-dev ${name}`
}

/** Removes the globals of this thread that the release of the runtime does not have. */
export function removeNewerGlobals(runtime: string): void {
  const newer = RELEASES.filter(({ major }) => major > toMajor(runtime))
  for (const name of newer.flatMap(({ globals }) => globals)) Reflect.deleteProperty(globalThis, name)
}

/** Returns a sentence about the differences that remain; undefined if this Node.js is the release of the runtime. */
export function describeDifference(runtime: string, version: string): string | undefined {
  const [theirs, ours] = [toMajor(runtime), Number.parseInt(version, 10)]
  const between = RELEASES.filter(
    ({ major }) => major > Math.min(theirs, ours) && major <= Math.max(theirs, ours),
  )
  if (between.length === 0) return undefined
  const list = (of: (release: Release) => readonly string[]) => between.flatMap(of).join(', ')
  if (theirs > ours) {
    const missing = list(({ globals, members }) => [...globals, ...members])
    return `runs in Node.js ${version} here, which lacks ${missing}: start serverless offline with Node.js ${theirs}`
  }
  const removed = list(release => release.removed ?? [])
  return (
    `runs in Node.js ${version} here: newer syntax, functions of node: modules and methods such as ${list(({ members }) => members)} work here, ` +
    `and not in the cloud${removed && `; ${removed} work only there`}`
  )
}

function toMajor(runtime: string): number {
  return Number.parseInt(runtime.replace('nodejs', ''), 10)
}
