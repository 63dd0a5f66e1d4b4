import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import process from 'node:process'
import { ConfigurationError } from '../../../support/serverless.ts'
import type { FunctionFacts } from '../../function-facts.ts'

/** Prints the path of the interpreter itself, because commands of version managers are scripts, which take longer to start. */
const SHOW = 'import sys; print(sys.executable, "%d.%d" % sys.version_info[:2], sep="\\n")'

/** Path and version of each interpreter that was found, by the commands that were tried. */
const known = new Map<string, readonly [path: string, version: string]>()

/**
 * Returns the interpreter of a function, and its version: that of the active virtual environment, or else one of the version of the
 * runtime, or else any Python 3.
 *
 * @throws ConfigurationError if there is none
 */
export function findInterpreter(
  { functionKey, runtime, folder }: Pick<FunctionFacts, 'functionKey' | 'runtime' | 'folder'>,
  env: NodeJS.ProcessEnv = process.env,
): readonly [path: string, version: string] {
  const { VIRTUAL_ENV: venv, PATH } = env
  const inVenv = venv ? [join(venv, process.platform === 'win32' ? 'Scripts' : 'bin', 'python')] : []
  const commands = [...inVenv, runtime, 'python3', 'python']
  const key = [PATH, ...commands].join('\n')
  for (const command of commands) {
    const [path, version] = known.get(key) ?? askInterpreter(command, folder, env)
    if (!path || !version?.startsWith('3.')) continue
    known.set(key, [path, version])
    return [path, version]
  }
  throw new ConfigurationError(
    `function "${functionKey}" has the runtime ${runtime}, but there is no Python 3: install ${runtime}, or activate a virtual environment`,
  )
}

/** Returns the difference between a function's runtime and the interpreter that runs it here; undefined if the versions are the same. */
export function describeInterpreter(facts: FunctionFacts): string | undefined {
  const { runtime } = facts
  const [path, version] = findInterpreter(facts)
  if (runtime === `python${version}`) return undefined
  return `is run by Python ${version} here (${path}): put ${runtime} on the PATH, or activate a virtual environment with it`
}

/** Returns nothing if the command does not start Python, such as that of a version manager without this version. */
function askInterpreter(command: string, cwd: string, env: NodeJS.ProcessEnv): readonly string[] {
  try {
    const options = { cwd, env, encoding: 'utf8', stdio: 'pipe' } as const
    return execFileSync(command, ['-c', SHOW], options).trim().split(/\r?\n/)
  } catch {
    return []
  }
}
