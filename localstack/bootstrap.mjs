import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { constants } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
// biome-ignore lint/correctness/useImportExtensions: this is the file that runs; .d.mts beside it holds its types
import { withInstallLock } from './install-lock.mjs'

// The first step of every command: `node localstack/bootstrap.mjs SCRIPT.ts [arguments]`. It runs on the machine's own
// Node in a fresh clone, so it is plain JavaScript without dependencies; it installs the npm packages where they are
// missing, among them the Node that the functions run on, and hands over to that one.

// Not import.meta.dirname: a Node that is too old must get as far as being told so.
const PROJECT = fileURLToPath(new URL('..', import.meta.url))
const MODULES = join(PROJECT, 'node_modules')
const NODE = join(MODULES, '.bin', 'node')
const OLDEST_NODE = [20, 19]
const FORWARDED = ['SIGINT', 'SIGTERM', 'SIGHUP']

// kafkajs computes a negative timeout, which is harmless; the other one announces that TypeScript runs unbuilt.
const NODE_FLAGS = ['--disable-warning=TimeoutNegativeWarning', '--disable-warning=ExperimentalWarning']

try {
  requireNode(process.versions.node)
  await ensurePackages()
  process.exitCode = await handOver(process.argv.slice(2))
} catch (error) {
  console.error(error.message)
  process.exitCode = 1
}

function requireNode(version) {
  const [major, minor] = version.split('.').map(Number)
  const [oldestMajor, oldestMinor] = OLDEST_NODE
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return
  throw new Error(
    `Node ${OLDEST_NODE.join('.')} or newer is needed; this is ${version} (${process.execPath}). Install a newer one.`,
  )
}

async function ensurePackages() {
  if (packagesInstalled()) return
  const lock = join(PROJECT, '.local', 'npm-install.lock')
  const onWait = holder =>
    console.error(`Waiting for process ${holder}, which installs the npm packages (${lock})`)
  await withInstallLock(lock, async () => void (packagesInstalled() || (await install())), { onWait })
}

/**
 * Whether node_modules holds what package-lock.json asks for. npm itself writes down there what it has installed, as
 * the last thing it does, and `npm ci` begins by removing it: so an install that was cut off does not look whole.
 */
function packagesInstalled() {
  const written = join(MODULES, '.package-lock.json')
  if (!existsSync(written) || !existsSync(NODE)) return false
  const installed = packagesOf(written)
  return Object.entries(packagesOf(join(PROJECT, 'package-lock.json'))).every(([path, wanted]) => {
    const found = installed[path]
    // The packages of other platforms are optional and stay away.
    if (found === undefined) return path === '' || wanted.optional || wanted.devOptional
    return found.version === wanted.version && found.integrity === wanted.integrity
  })
}

function packagesOf(file) {
  return JSON.parse(readFileSync(file, 'utf8')).packages
}

async function install() {
  const startedAtMs = Date.now()
  const progress = showProgress(() => `Installing npm packages (${seconds(startedAtMs)})`)
  const npm = startNpm(['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'])
  let said = ''
  const collect = text => {
    said += text
  }
  for (const stream of [npm.stdout, npm.stderr]) stream.on('data', collect)
  const { code, signal } = await ended(npm)
  progress.end(code === 0 ? `Installed npm packages (${seconds(startedAtMs)})` : 'npm ci failed')
  if (code !== 0) {
    const how = signal ? `was ended by ${signal}` : `ended with exit code ${code}`
    throw new Error(
      `${said.trim()}\nnpm ci ${how}, so nothing was started. Put right what it says, then try again.`,
    )
  }
}

/** The npm that runs this script, where one does; else the first on the PATH. */
function startNpm(args) {
  const running = process.env.npm_execpath
  const [command, ...first] = running?.endsWith('.js') ? [process.execPath, running] : ['npm']
  return spawn(command, [...first, ...args], { cwd: PROJECT, stdio: ['ignore', 'pipe', 'pipe'] })
}

/** One line that counts the seconds on a terminal; elsewhere a line at the start and one at the end. */
function showProgress(text) {
  const terminal = process.stderr.isTTY
  const show = () => process.stderr.write(terminal ? `\r${text()}` : `${text()}\n`)
  show()
  const timer = terminal ? setInterval(show, 1000) : undefined
  return {
    end(last) {
      clearInterval(timer)
      process.stderr.write(terminal ? `\r\u001b[K${last}\n` : `${last}\n`)
    },
  }
}

function seconds(sinceMs) {
  return `${Math.round((Date.now() - sinceMs) / 1000)} s`
}

/** Runs the script on the project's Node. The channel lets it notice when this process is gone without a word. */
async function handOver([script, ...args]) {
  if (script === undefined) throw new Error('Usage: node localstack/bootstrap.mjs SCRIPT.ts [arguments]')
  const stdio = ['inherit', 'inherit', 'inherit', 'ipc']
  const child = spawn(NODE, [...NODE_FLAGS, script, ...args], { stdio })
  const { code, signal } = await ended(child)
  return code ?? 128 + constants.signals[signal]
}

/**
 * Waits for a child's end. Signals are passed on to it and end nothing here: it ends in its own order, and this
 * process after it. On Ctrl-C it gets SIGINT from the terminal as well (and once more where npm passes it on), so a
 * script must take a repeated one for the same request.
 */
async function ended(child) {
  const forward = signal => child.kill(signal)
  for (const signal of FORWARDED) process.on(signal, forward)
  try {
    return await new Promise((resolve, reject) => {
      child.once('error', reject)
      child.once('close', (code, signal) => resolve({ code, signal }))
    })
  } finally {
    for (const signal of FORWARDED) process.off(signal, forward)
  }
}
