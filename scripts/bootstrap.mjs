import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { constants } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
// biome-ignore lint/correctness/useImportExtensions: this is the file that runs; .d.mts beside it holds its types
import { hideSecrets } from './hide-secrets.mjs'
// biome-ignore lint/correctness/useImportExtensions: this is the file that runs; .d.mts beside it holds its types
import { withLockFile } from './lock-file.mjs'

// First step of every command: `node scripts/bootstrap.mjs [options of Node] SCRIPT.ts [arguments]`. In a fresh clone it runs on
// the machine's Node, so it is plain JavaScript without dependencies. It installs the npm packages if necessary, which include the
// Node for the functions, and then runs the script on that Node.

// Do not use `import.meta.dirname`, so that a Node that is too old still reaches the error message about it.
const PROJECT = fileURLToPath(new URL('..', import.meta.url))
const MODULES = join(PROJECT, 'node_modules')
const NODE = join(MODULES, '.bin', 'node')
const OLDEST_NODE = [20, 19]
const FORWARDED = ['SIGINT', 'SIGTERM', 'SIGHUP']

// Node.js flags that hide two warnings: about a harmless negative timeout of kafkajs, and about running TypeScript without a build.
const NODE_FLAGS = ['--disable-warning=TimeoutNegativeWarning', '--disable-warning=ExperimentalWarning']

try {
  const args = hideSecrets(process.argv.slice(2))
  requireNode(process.versions.node)
  await ensurePackages()
  process.exitCode = await handOver(args)
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
    console.error(`Waiting for process ${holder}, which is installing the npm packages (${lock})`)
  await withLockFile(lock, async () => void (packagesInstalled() || (await install())), { onWait })
}

/**
 * Returns true if node_modules matches package-lock.json. As its last step, npm writes a list of the installed packages, and `npm
 * ci` removes this list first. Thus, an interrupted installation is not mistaken for a complete installation.
 */
function packagesInstalled() {
  const written = join(MODULES, '.package-lock.json')
  if (!existsSync(written) || !existsSync(NODE)) return false
  const installed = packagesOf(written)
  return Object.entries(packagesOf(join(PROJECT, 'package-lock.json'))).every(([path, wanted]) => {
    const found = installed[path]
    // A missing package is allowed if it is optional, because packages for other platforms are not installed.
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
      `${said.trim()}\nnpm ci ${how}, so nothing was started. Fix the error above, then try again.`,
    )
  }
}

/** Starts npm: the npm that runs this script, or else the first npm on the PATH. */
function startNpm(args) {
  const running = process.env.npm_execpath
  const [command, ...first] = running?.endsWith('.js') ? [process.execPath, running] : ['npm']
  return spawn(command, [...first, ...args], { cwd: PROJECT, stdio: ['ignore', 'pipe', 'pipe'] })
}

/**
 * Shows progress: on a terminal as one line that counts seconds, otherwise as a line at the start, every ten seconds, and at the
 * end.
 */
function showProgress(text) {
  const terminal = process.stderr.isTTY
  const show = () => process.stderr.write(terminal ? `\r${text()}` : `${text()}\n`)
  show()
  const timer = setInterval(show, terminal ? 1_000 : 10_000)
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

/**
 * Runs the script on the project's Node. A compile cache, also for processes that the script starts, halves the startup time. The
 * IPC channel lets the script notice if this process is killed.
 */
async function handOver([script, ...args]) {
  if (script === undefined)
    throw new Error('Usage: node scripts/bootstrap.mjs [options of Node] SCRIPT.ts [arguments]')
  const stdio = ['inherit', 'inherit', 'inherit', 'ipc']
  const env = { NODE_COMPILE_CACHE: join(PROJECT, '.local', 'compile-cache'), ...process.env }
  const child = spawn(NODE, [...NODE_FLAGS, script, ...args], { stdio, env })
  const { code, signal } = await ended(child)
  return code ?? 128 + constants.signals[signal]
}

/**
 * Waits for a child process to exit. Signals are forwarded to the child and do not end this process, so that the child can shut
 * down in order. On Ctrl-C, the terminal also sends SIGINT to the child, and npm may forward another one. Therefore, scripts must
 * treat repeated signals as one request.
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
