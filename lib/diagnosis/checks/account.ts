/** What an environment has in AWS, as far as whoever asks may see it. Pure. */
import type { AccountThing, ThingSeen } from '../../app/aws/account-things.ts'
import { about, type Finding } from '../finding.ts'

export function accountFinding(
  { check, name, todo, isMadeByDeployment }: AccountThing,
  seen: ThingSeen,
  beforeDeploy: boolean,
): Finding {
  const { ok, wrong, unknown } = about('account', check, name)
  switch (seen.is) {
    case 'there':
      return ok(seen.says)
    case 'wrong':
      return wrong(seen.says, todo)
    case 'unseen':
      return unknown(seen.why, 'It takes credentials of the account with the right to read it.')
    default:
      return beforeDeploy && isMadeByDeployment
        ? ok('is not there yet: the deployment makes it')
        : wrong('is not there', todo)
  }
}
