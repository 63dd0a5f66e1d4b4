/** Runs the Python packages cfn-lint and checkov on templates. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { ensureInstalled, pythonPackages } from '#local-servers/install'
import { LOCAL, PYTHON_LOCKS } from '../../../../scripts/paths.ts'
import { Failed } from '../../check.ts'
import { cfnLintFindings, checkovFindings, type Finding } from './findings.ts'

const DIR = join(LOCAL, 'python', 'lint')

/** Maximum output size, larger than any report. */
const MAX_OUTPUT_BYTES = 256 * 1024 * 1024

interface Linter {
  readonly name: string
  find(files: readonly string[], signal: AbortSignal): Promise<Finding[]>
}

/** Installs the pinned versions of both linters if necessary. */
export async function installLinters(signal: AbortSignal): Promise<void> {
  const packages = {
    service: 'aws',
    title: 'cfn-lint and checkov',
    lock: join(PYTHON_LOCKS, 'lint.txt'),
  } as const
  await ensureInstalled(pythonPackages({ ...packages, dir: DIR, probe: join('bin', 'checkov') }), { signal })
}

export const LINTERS: readonly Linter[] = [
  {
    name: 'cfn-lint',
    find: async (files, signal) =>
      cfnLintFindings(await readOutput('cfn-lint', ['--format', 'json', '--', ...files], signal)),
  },
  {
    name: 'checkov',
    find: async (files, signal) => {
      const options = ['--framework', 'cloudformation', '--output', 'json', '--compact', '--skip-download']
      const named = files.flatMap(file => ['--file', file])
      return checkovFindings(await readOutput('checkov', [...options, ...named], signal))
    },
  },
]

/** Returns the output of a linter. The exit status is ignored, because it is not 0 if there are findings. */
async function readOutput(program: string, args: readonly string[], signal: AbortSignal): Promise<string> {
  const options = { signal, maxBuffer: MAX_OUTPUT_BYTES, env: { ...process.env, LOG_LEVEL: 'ERROR' } }
  const python = join(DIR, 'bin', 'python')
  const ended = await promisify(execFile)(python, [join(DIR, 'bin', program), ...args], options).catch(
    (error: Error & { readonly stdout?: string; readonly stderr?: string }) => error,
  )
  const { stdout = '', stderr = '' } = ended
  if (/^\s*[[{]/.test(stdout)) return stdout
  const why = [stderr, stdout, ended instanceof Error ? ended.message : ''].find(text => text.trim() !== '')
  throw new Failed(`${program} returned no report: ${why?.trim() ?? 'no output'}`)
}
