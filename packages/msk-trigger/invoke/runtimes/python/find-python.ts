import { execFile } from 'node:child_process'
import { join } from 'node:path'
import process from 'node:process'
import { promisify } from 'node:util'

/** A Python executable that has been started successfully. */
export interface Python {
  readonly executable: string
  /** Major and minor version, such as `3.12`. */
  readonly version: string
}

export type Environment = Readonly<Record<string, string | undefined>>

/** Starts an executable to determine its version. Rejects if it is not Python. */
export type AskVersion = (executable: string, environment: Environment) => Promise<string>

/**
 * Time limit for determining the version, in milliseconds. It is long because an executable can be a script that searches for the
 * real one.
 */
const ANSWER_WITHIN_MS = 20_000

/** Searches for Python that are in progress or were successful. */
const searches = new Map<string, Promise<Python>>()

/**
 * Finds a Python executable. Searches first the active virtual environment, then for the version of the runtime, then for any
 * Python 3.
 *
 * @throws Error if none is found
 */
export async function findPython(
  runtime: string,
  environment: Environment,
  ask: AskVersion = askVersion,
): Promise<Python> {
  const { VIRTUAL_ENV, CONDA_PREFIX, PATH } = environment
  const key = JSON.stringify([runtime, VIRTUAL_ENV, CONDA_PREFIX, PATH])
  const search = searches.get(key) ?? firstThatAnswers(runtime, environment, ask)
  searches.set(key, search)
  try {
    return await search
  } catch (error) {
    // Remove a failed search, because Python may be installed before the next attempt.
    searches.delete(key)
    throw error
  }
}

async function firstThatAnswers(runtime: string, environment: Environment, ask: AskVersion): Promise<Python> {
  const tried = candidates(runtime, environment)
  for (const executable of tried) {
    const version = await ask(executable, environment).catch(() => '')
    if (version.startsWith('3.')) return { executable, version }
  }
  throw new Error(
    `no Python 3 was found for the runtime ${runtime} (tried ${tried.join(', ')}): ` +
      'install it, or activate the virtual environment of the project before the start',
  )
}

/**
 * Returns the executables to try, in the order of preference. There are several, because an executable on the PATH may be a shim
 * (pyenv, asdf) without an installed version.
 */
export function candidates(
  runtime: string,
  { VIRTUAL_ENV, CONDA_PREFIX }: Environment,
  platform: NodeJS.Platform = process.platform,
): string[] {
  const isWindows = platform === 'win32'
  const active = [
    ...(VIRTUAL_ENV ? [join(VIRTUAL_ENV, isWindows ? 'Scripts' : 'bin', 'python')] : []),
    ...(CONDA_PREFIX ? [join(CONDA_PREFIX, isWindows ? '.' : 'bin', 'python')] : []),
  ]
  return [...active, runtime, 'python3', 'python']
}

const askVersion: AskVersion = async (executable, environment) => {
  const question = 'import sys; print("%d.%d" % sys.version_info[:2])'
  const { stdout } = await promisify(execFile)(executable, ['-I', '-S', '-c', question], {
    env: environment as NodeJS.ProcessEnv,
    timeout: ANSWER_WITHIN_MS,
    windowsHide: true,
  })
  return stdout.trim()
}
