import type { Command } from 'commander'
import { policyProblems } from '../../../infra/checks/files.ts'
import { consumersOf, readFunctions } from '../../../lib/app/functions.ts'
import { someText } from '../../arguments.ts'
import { CliFailure } from '../../failure.ts'
import { more } from '../../help.ts'
import { pathIn, type Terminal } from '../../terminal.ts'

const ABOUT = `Check which failures are tried again: the policy of a folder, as dlq-router reads it when it starts.

Every error is listed with file, line and key, and the exit status is 1 if there is any. \`serverless package\` and
\`serverless deploy\` refuse such a folder.`

const MORE = `
Examples:
  sluice dlq policy
  sluice dlq policy deploy/failures`

export function addDlqPolicy(dlq: Command, terminal: Terminal): void {
  dlq
    .command('policy')
    .summary('check which failures are tried again')
    .description(ABOUT)
    .argument('[dir]', 'folder with policy.yaml (default: FAILURES_DIR, else "config/failures")', someText)
    .addHelpText('after', more(MORE))
    .action((dir: string | undefined) => check(dir, terminal))
}

async function check(dir: string | undefined, terminal: Terminal): Promise<void> {
  const folder = dir ?? (terminal.environment.FAILURES_DIR || 'config/failures')
  const problems = await policyProblems(pathIn(terminal, folder), folder, consumersOf(readFunctions()))
  if (problems.length === 0) {
    terminal.stdout.write(`${folder}: the policy has no errors\n`)
    return
  }
  for (const problem of problems) terminal.stdout.write(`${problem}\n`)
  throw new CliFailure(`${problems.length} ${problems.length === 1 ? 'error' : 'errors'} in ${folder}.`)
}
