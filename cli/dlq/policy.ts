import { policyProblems } from '../../infra/checks/files.ts'
import { consumersOf, readFunctions } from '../../lib/app/functions.ts'
import { command, optionalArgument, SOME_TEXT } from '../command.ts'
import { CliFailure } from '../failure.ts'
import { pathIn } from '../terminal.ts'

export default command({
  about: `Check the failure policy of a folder, as dlq-router reads it when it starts.

Every error is listed with file, line and key, and the exit status is 1 if there are any. \`serverless package\` and
\`serverless deploy\` reject a folder with errors.`,
  more: `
Examples:
  sluice dlq policy
  sluice dlq policy deploy/failures`,
  args: {
    dir: optionalArgument(
      'folder with policy.yaml (default: FAILURES_DIR, else "config/failures")',
      SOME_TEXT,
    ),
  },
  async run({ dir }, terminal) {
    const folder = dir ?? (terminal.environment.FAILURES_DIR || 'config/failures')
    const problems = await policyProblems(pathIn(terminal, folder), folder, consumersOf(readFunctions()))
    if (problems.length === 0) {
      terminal.stdout.write(`${folder}: the policy has no errors\n`)
      return
    }
    for (const problem of problems) terminal.stdout.write(`${problem}\n`)
    throw new CliFailure(`${problems.length} ${problems.length === 1 ? 'error' : 'errors'} in ${folder}.`)
  },
})
