import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
// biome-ignore lint/correctness/useImportExtensions: this is the file that runs; .d.mts beside it holds its types
import { withLockFile } from './lock-file.mjs'
import { type Launch, runTool } from './managed-process.ts'
import type { Report } from './report.ts'
import { readOutput, requirePython } from './requirements.ts'
import { UserError } from './user-error.ts'

/** Options of an installation. */
export interface InstallContext {
  readonly report?: Report
  readonly signal: AbortSignal
}

/** Package that is downloaded once, into a folder of its own. */
export interface Package {
  readonly service: string
  /** Name and version for messages, such as "Kafka 4.3.0". */
  readonly title: string
  readonly dir: string
  /** File that must exist in an installed package. If it is a link, its target must exist too. */
  readonly probe: string
  /** Version of the installed content, or the hash of its lock file. */
  readonly version: string
  /** Installs the content of the package into an empty folder, which then replaces `dir`. */
  fill(dir: string, run: RunTool, context: InstallContext): Promise<void>
}

/** Runs an installation tool. `task` is the subject of the error message; by default, it is the installation of the package. */
export type RunTool = (launch: Launch, task?: string) => Promise<void>

const MARKER = 'installed.txt'
const STILL_INSTALLING_MS = 10_000

/**
 * Installs a package if necessary. A folder is filled under another name, gets a marker file, and is renamed when it is complete.
 * Therefore an interrupted installation is never mistaken for a complete one.
 */
export async function ensureInstalled(wanted: Package, context: InstallContext): Promise<void> {
  if (await isUpToDate(wanted)) return
  const { service, title, dir } = wanted
  const onWait = (holder: number) => {
    if (holder === process.pid) return
    const detail = `${title}: waiting for process ${holder}, which is installing it (${dir}.lock)`
    context.report?.({ service, state: 'installing', detail, ms: 0 })
  }
  const work = async () => {
    if (!(await isUpToDate(wanted))) await install(wanted, context)
  }
  await withLockFile(`${dir}.lock`, work, { signal: context.signal, onWait })
}

async function install({ service, title, dir, version, fill }: Package, context: InstallContext) {
  const { report, signal } = context
  const startedAtMs = Date.now()
  const say = (state: 'installing' | 'installed') =>
    report?.({ service, state, detail: title, ms: Date.now() - startedAtMs })
  say('installing')
  const progress = setInterval(() => say('installing'), STILL_INSTALLING_MS)
  const logFile = `${dir}.log`
  const incomplete = `${dir}.incomplete`
  try {
    await rm(incomplete, { recursive: true, force: true })
    await rm(logFile, { force: true })
    await mkdir(incomplete, { recursive: true })
    const run: RunTool = (launch, task = `Installing ${title}`) =>
      runTool(launch, { task, logFile, signal }).catch(error => throwWithHint(error, logFile))
    await fill(incomplete, run, context)
    await writeFile(join(incomplete, MARKER), version)
    await rm(dir, { recursive: true, force: true })
    await mkdir(dirname(dir), { recursive: true })
    await rename(incomplete, dir)
  } finally {
    clearInterval(progress)
    await rm(incomplete, { recursive: true, force: true })
  }
  say('installed')
}

const UNREACHABLE =
  /unknown host|name resolution|resolve host|dns error|unreachable|connection refused|connect timed out|failed to connect|could not transfer|transfer failed/i

/** Adds to the error of an installation that the network may be the cause, if the output says so. */
function throwWithHint(error: unknown, logFile: string): never {
  if (error instanceof UserError && UNREACHABLE.test(readFileSync(logFile, 'utf8')))
    error.message +=
      '\n  No network? Downloading needs one: check the connection and the proxy, then start again.'
  throw error
}

async function isUpToDate({ dir, probe, version }: Package): Promise<boolean> {
  const marker = join(dir, MARKER)
  return existsSync(marker) && existsSync(join(dir, probe)) && (await readFile(marker, 'utf8')) === version
}

const UV_LOCK = join(import.meta.dirname, 'python', 'uv.txt')
const PYTHON_PROBE = join('bin', 'python')

/**
 * Returns a package that consists of packages of the Python package index, in a virtual environment. A lock file pins their
 * versions and hashes, and uv installs them.
 *
 * @param lock path of the lock file
 */
export function pythonPackages({
  lock,
  probe = PYTHON_PROBE,
  ...rest
}: Pick<Package, 'service' | 'title' | 'dir'> & {
  readonly lock: string
  readonly probe?: string
}): Package {
  return {
    ...rest,
    probe,
    version: hashFile(lock),
    async fill(dir, run, context) {
      const python = await requirePython()
      const uv = await ensureUv(rest, python, context)
      // Relocatable, because the folder is moved after the installation.
      await run(uv('venv', '--allow-existing', '--relocatable', '--python', python, dir))
      // The lock file lists all required packages; other declared dependencies are not installed.
      const exact = ['--require-hashes', '--no-deps', '--requirement', lock]
      await naming(uv.sources, run(uv('pip', 'install', '--python', join(dir, PYTHON_PROBE), ...exact)))
    },
  }
}

/** Installs uv with the pip of a virtual environment, and returns a function that builds its commands, with the settings of pip. */
async function ensureUv(
  { service, dir }: Pick<Package, 'service' | 'dir'>,
  python: string,
  context: InstallContext,
) {
  const uv: Package = {
    service,
    title: 'uv',
    dir: join(dirname(dir), 'uv'),
    probe: join('bin', 'uv'),
    version: hashFile(UV_LOCK),
    async fill(dir, run) {
      const venv = 'Creating a virtual environment (on Debian and Ubuntu this needs the package python3-venv)'
      await run({ command: python, args: ['-m', 'venv', dir] }, venv)
      const exact = ['--require-hashes', '--only-binary', ':all:', '-r', UV_LOCK]
      const args = ['-m', 'pip', 'install', '--quiet', ...exact]
      const { sources } = await readPipSettings(dir)
      await naming(
        sources,
        run({ command: join(dir, PYTHON_PROBE), args, env: { ...process.env, ...OWN_PACKAGES } }),
      )
    },
  }
  await ensureInstalled(uv, context)
  const { sources, variables } = await readPipSettings(uv.dir)
  const env = {
    ...variables,
    ...process.env,
    // Use the Python that was found instead of letting uv download another one.
    UV_PYTHON_DOWNLOADS: 'never',
    UV_NO_PROGRESS: '1',
    // uv leaves lock files in its temporary folder.
    TMPDIR: uv.dir,
  }
  const build = (...args: string[]): Launch => ({
    command: join(uv.dir, uv.probe),
    args: ['--no-config', ...args],
    env,
  })
  return Object.assign(build, { sources })
}

/** Variables for pip. A virtual environment has no packages of the user, which a configuration may ask for. */
const OWN_PACKAGES = { PIP_USER: '0' } as const

/** Settings of pip that uv also has, and their variables there. uv does not read the configuration of pip. */
const UV_VARIABLES: Readonly<Record<string, string>> = {
  'index-url': 'UV_DEFAULT_INDEX',
  'extra-index-url': 'UV_INDEX',
  'trusted-host': 'UV_INSECURE_HOST',
  cert: 'SSL_CERT_FILE',
  proxy: 'ALL_PROXY',
}

/** Returns the settings of pip as variables of uv, and the files and variables that configure pip. */
export async function readPipSettings(dir: string, env: NodeJS.ProcessEnv = process.env) {
  const list = ['-m', 'pip', 'config', 'list', '--verbose']
  const output = (await readOutput(join(dir, PYTHON_PROBE), list, { ...env, ...OWN_PACKAGES })) ?? ''
  const lines = [...output.matchAll(/^(global|install|:env:)[.]([a-z-]{1,40})='(.*)'$/gm)]
  // Later sections override earlier ones.
  const ordered = ['global', 'install', ':env:'].flatMap(own =>
    lines.filter(([, section]) => section === own),
  )
  const values = ordered.flatMap(([, , name = '', value = '']) => {
    const variable = UV_VARIABLES[name]
    return variable === undefined ? [] : [[variable, value.replaceAll(/\\n|\s/g, ' ').trim()] as const]
  })
  const files = [...output.matchAll(/will try loading '(.+)'/g)]
    .map(([, file = '']) => file)
    .filter(existsSync)
  const sources = [...files, ...Object.keys(env).filter(name => name.startsWith('PIP_'))]
  return { variables: Object.fromEntries(values), sources }
}

/** Adds to the error of an installation where pip is configured. */
async function naming(sources: readonly string[], installing: Promise<void>): Promise<void> {
  await installing.catch(error => {
    if (error instanceof UserError && sources.length > 0)
      error.message += `\n  pip is configured by ${sources.join(', ')}: check the settings there, such as index-url.`
    throw error
  })
}

/** Finds a program in a folder of installed Python packages. Its path depends on the platform and the version of Python. */
export async function findProgram(dir: string, folder: string, name: string): Promise<string> {
  const files = await readdir(dir, { recursive: true })
  const program = files.find(file => file.endsWith(`/${name}`) && file.includes(folder))
  if (program !== undefined) return join(dir, program)
  throw new UserError(`${dir} does not contain ${name}. Remove that folder and start again.`)
}

/** Returns the SHA-256 of a file, in hexadecimal. */
export function hashFile(file: string): string {
  return createHash('sha256').update(readFileSync(file)).digest('hex')
}
