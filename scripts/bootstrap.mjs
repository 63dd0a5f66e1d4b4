import { spawn } from 'node:child_process'
import { existsSync, readFileSync, realpathSync, statSync, writeFileSync } from 'node:fs'
import module from 'node:module'
import { constants } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
// biome-ignore lint/correctness/useImportExtensions: this is the file that runs; .d.mts beside it holds its types
import { withLockFile } from '../packages/local-servers/lock-file.mjs'
// biome-ignore lint/correctness/useImportExtensions: this is the file that runs; .d.mts beside it holds its types
import { hideSecrets } from './hide-secrets.mjs'

// First step of every command: `node scripts/bootstrap.mjs [options of Node] SCRIPT.ts [arguments]`. In a fresh clone it runs on
// the machine's Node, so it is plain JavaScript without dependencies. It installs the npm packages if necessary, which include the
// Node for the functions, and then runs the script on that Node. Tests and `sluice sql` also need the development packages (types and
// DuckDB), and tests need those of a folder with its own lock file. Both are added, and nothing is removed.

// Do not use `import.meta.dirname`, so that a Node that is too old still reaches the error message about it.
const PROJECT = fileURLToPath(new URL('..', import.meta.url))
const NODE = join(PROJECT, 'node_modules', '.bin', 'node')
/** This step also runs on older ones, since the Node that npm installs runs everything else. */
const OLDEST_NODE = [20, 19]
/** Packages of the tests. Node finds them through links such as test/node_modules. */
const TOOLS = join(PROJECT, 'test', 'tools')
const FORWARDED = ['SIGINT', 'SIGTERM', 'SIGHUP']

// Two warnings are hidden: about a harmless negative timeout of kafkajs, and about running TypeScript without a build.
const HIDDEN_WARNINGS = ['TimeoutNegativeWarning', 'ExperimentalWarning']

const args = hideSecrets(process.argv.slice(2))
const [script = '', command] = args.filter(arg => !arg.startsWith('-'))
const isOfTests = /^(test|bench|scripts\/generate)\//.test(script)
const needsDevelopment =
  isOfTests || (script.endsWith('sluice.ts') && command === 'sql' && !isHelpWanted(args))
const folders = isOfTests ? [PROJECT, TOOLS] : [PROJECT]
try {
  requireNode(process.versions.node)
  if (isHelpWanted(args) && !folders.every(folder => packagesInstalled(folder)) && printHelp(args))
    process.exit()
  await ensurePackages()
  // The compile cache, also for processes that the script starts, halves the startup time.
  process.env.NODE_COMPILE_CACHE ??= join(PROJECT, '.local', 'compile-cache')
  if (!runsHere(args)) process.exitCode = await runInChild(args)
} catch (error) {
  console.error(error.message)
  process.exit(1)
}
// Outside of `try`, so that Node reports an error of the script with its stack.
if (runsHere(args)) await runHere(args)

function requireNode(version) {
  const [major, minor] = version.split('.').map(Number)
  const [oldestMajor, oldestMinor] = OLDEST_NODE
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return
  throw new Error(
    `Node ${OLDEST_NODE.join('.')} or newer is needed; this is ${version} (${process.execPath}). Install a newer one.`,
  )
}

function isHelpWanted(args) {
  return args.includes('--help') || args.includes('-h') || args.at(-1)?.endsWith('sluice.ts')
}

/** Prints help from a text file, which needs no packages. Returns false for a script that has none. */
function printHelp(args) {
  const at = args.findIndex(arg => arg.endsWith('.ts'))
  const script = resolve(PROJECT, args[at] ?? '')
  const text = `${script.slice(0, -'.ts'.length)}.help.txt`
  if (existsSync(text)) console.log(readFileSync(text, 'utf8').trimEnd())
  else if (script === join(PROJECT, 'cli', 'sluice.ts')) console.log(listCommands(args.slice(at + 1)))
  else return false
  return true
}

/** Returns the commands that begin with the first word, from the list in the documentation, without its links. */
function listCommands(words) {
  const start = `- \`${words.find(word => !word.startsWith('-')) ?? ''}`
  const page = readFileSync(join(PROJECT, 'docs', 'commands.md'), 'utf8')
  const items = page.replaceAll(/\n {2}/g, ' ').replaceAll(/\[([^\]]+)\]\([^)]+\)/g, '$1')
  const found = items
    .split('\n')
    .flatMap(line => (line.startsWith(start) ? [`  ${line.slice(2).replaceAll('`', '')}`] : []))
  return `Usage: npx sluice COMMAND\n\n${found.join('\n')}\n\nThe first command installs the npm packages; then --help says more.`
}

async function ensurePackages() {
  const listMissing = () => folders.filter(folder => !packagesInstalled(folder))
  if (listMissing().length === 0) return
  const lock = join(PROJECT, '.local', 'npm-install.lock')
  const onWait = holder =>
    console.error(`Waiting for process ${holder}, which is installing the npm packages (${lock})`)
  await withLockFile(lock, () => installAll(listMissing()), { onWait })
}

/**
 * Returns true if node_modules of a folder matches its package-lock.json, with or without the development packages. As its last step,
 * npm writes a list of the installed packages, and `npm ci` removes this list first. Thus, an interrupted installation is not mistaken
 * for a complete installation. The two files are compared only if one of them has changed since they last matched, because reading
 * them takes as long as a start of Node.
 */
function packagesInstalled(folder, withDevelopment = needsDevelopment) {
  const lockFile = join(folder, 'package-lock.json')
  const modules = join(folder, 'node_modules')
  const listed = join(modules, '.package-lock.json')
  if (!existsSync(listed) || !existsSync(NODE)) return false
  const matched = join(modules, withDevelopment ? '.matches-whole-lock-file' : '.matches-lock-file')
  const stamps = [lockFile, listed].map(file => `${statSync(file).mtimeMs} ${statSync(file).size}`).join('\n')
  if (existsSync(matched) && readFileSync(matched, 'utf8') === stamps) return true
  const installed = readPackages(listed)
  const matches = Object.entries(readPackages(lockFile)).every(([path, wanted]) => {
    const found = installed[path]
    // A missing package is allowed if it is optional, because packages for other platforms are not installed.
    if (found === undefined)
      return path === '' || wanted.optional || wanted.devOptional || (wanted.dev && !withDevelopment)
    return found.version === wanted.version && found.integrity === wanted.integrity
  })
  try {
    if (matches) writeFileSync(matched, stamps)
  } catch {
    // The packages belong to another user.
  }
  return matches
}

function readPackages(file) {
  return JSON.parse(readFileSync(file, 'utf8')).packages
}

/** Installs the packages of all folders at once, because npm waits for the network and the disk most of the time. */
async function installAll(folders) {
  if (folders.length === 0) return
  const startedAtMs = Date.now()
  const isAdded = !isOfTests && needsDevelopment && packagesInstalled(PROJECT, false)
  const what = isAdded ? 'DuckDB, once, because `sluice sql` needs it and nothing else does' : 'npm packages'
  const often = isAdded ? '; that takes about a minute' : ''
  const progress = showProgress(() => `Installing ${what}${often} (${seconds(startedAtMs)})`)
  const failed = (await Promise.allSettled(folders.map(install))).find(({ reason }) => reason)
  progress.end(failed ? 'npm failed' : `Installed ${isAdded ? 'DuckDB' : what} (${seconds(startedAtMs)})`)
  if (failed) throw failed.reason
}

async function install(folder) {
  // `npm ci` would remove what is there, before it installs everything.
  const command = needsDevelopment && packagesInstalled(folder, false) ? ['install', '--no-save'] : ['ci']
  const dev = needsDevelopment ? '--include=dev' : '--omit=dev'
  const npm = startNpm([...command, dev, '--no-audit', '--no-fund', '--loglevel=error'], folder)
  let said = ''
  const collect = text => {
    said += text
  }
  for (const stream of [npm.stdout, npm.stderr]) stream.on('data', collect)
  const { code, signal } = await ended(npm)
  if (code !== 0) {
    const how = signal ? `was ended by ${signal}` : `ended with exit code ${code}`
    throw new Error(
      `${said.trim()}\nnpm ${command[0]} ${how}, so nothing was started. Fix the error above, then try again.`,
    )
  }
}

/** Starts npm: the npm that runs this script, or else the first npm on the PATH. */
function startNpm(args, cwd) {
  const running = process.env.npm_execpath
  const [command, ...first] = running?.endsWith('.js') ? [process.execPath, running] : ['npm']
  return spawn(command, [...first, ...args], { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
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

/** Returns true if this process is the project's Node, and the script needs no options of Node. A second start of Node would double the time. */
function runsHere([script = '']) {
  return !script.startsWith('-') && script !== '' && process.execPath === realpathSync(NODE)
}

/** Runs the script in this process, as if Node had been started with it. */
async function runHere([script, ...rest]) {
  const path = resolve(script)
  process.argv.splice(1, Infinity, path, ...rest)
  const report = process.listeners('warning')
  process.removeAllListeners('warning')
  process.on('warning', warning => {
    if (!HIDDEN_WARNINGS.includes(warning.name)) for (const listener of report) listener(warning)
  })
  module.enableCompileCache()
  await import(pathToFileURL(path).href)
}

/** Runs the script on the project's Node. The IPC channel lets the script notice if this process is killed. */
async function runInChild([script, ...rest]) {
  if (script === undefined)
    throw new Error('Usage: node scripts/bootstrap.mjs [options of Node] SCRIPT.ts [arguments]')
  const stdio = ['inherit', 'inherit', 'inherit', 'ipc']
  const flags = HIDDEN_WARNINGS.map(name => `--disable-warning=${name}`)
  const child = spawn(NODE, [...flags, script, ...rest], { stdio })
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
