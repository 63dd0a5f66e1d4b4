import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { ensureInstalled, pythonPackages } from '#local-servers/install'
import { LOCAL, PROJECT, PYTHON_LOCKS } from '../../../scripts/paths.ts'
import { type Check, Failed } from '../check.ts'
import { sourceFiles } from '../source-files.ts'

const DIR = join(LOCAL, 'python', 'hadolint')
const HADOLINT = join('bin', 'hadolint')

/** Dockerfile that breaks a rule. If the linter reports no findings for it, the linter does not work. */
const BROKEN = 'FROM node:latest\nCMD node main.js\n'

/** Checks all Dockerfiles with hadolint. */
export const dockerfiles: Check = {
  name: 'Dockerfiles',
  async run(signal) {
    const files = await sourceFiles('Dockerfile', 'examples/*/Dockerfile')
    if (files.length < 3) throw new Failed(`only ${files.length} Dockerfiles were found`)
    const packages = { service: 'aws', title: 'hadolint', lock: join(PYTHON_LOCKS, 'hadolint.txt') } as const
    await ensureInstalled(pythonPackages({ ...packages, dir: DIR, probe: HADOLINT }), { signal })
    const found = await findings(files, '', signal)
    if (found !== '') throw new Failed(found)
    if (!(await findings(['-'], BROKEN, signal)).includes('DL3007'))
      throw new Failed('hadolint finds nothing wrong in a Dockerfile that is')
    return `${files.length} files`
  },
}

/** Returns the findings, one line each. */
async function findings(files: readonly string[], input: string, signal: AbortSignal): Promise<string> {
  const running = promisify(execFile)(join(DIR, HADOLINT), ['--no-color', ...files], { cwd: PROJECT, signal })
  running.child.stdin?.end(input)
  // Exit status 1 means that there are findings. If the linter cannot be run, the error is reported.
  const ended = await running.catch((error: Error & { readonly stdout?: string }) => error)
  const said = (ended.stdout ?? '').trim()
  if (ended instanceof Error && said === '') throw new Failed(`hadolint cannot run: ${ended.message}`)
  return said
}
