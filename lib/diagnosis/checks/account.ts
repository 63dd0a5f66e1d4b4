/** Checks of an environment's resources in AWS, as far as the caller may see them. Pure. */
import type { AccountThing, ThingSeen } from '../../app/aws/account-things.ts'
import { type Finding, finding, type Judgement, unknown, wrong } from '../finding.ts'

export function accountFinding(thing: AccountThing, seen: ThingSeen, beforeDeploy: boolean): Finding {
  return finding('account', thing.check, thing.name, judgement(thing, seen, beforeDeploy))
}

function judgement(
  { todo, isMadeByDeployment }: AccountThing,
  seen: ThingSeen,
  beforeDeploy: boolean,
): Judgement | string {
  if (seen.is === 'there') return seen.says
  if (seen.is === 'wrong') return wrong(seen.says, todo)
  if (seen.is === 'unseen')
    return unknown(seen.why, 'It takes credentials of the account with the right to read it.')
  return beforeDeploy && isMadeByDeployment
    ? 'is not there yet: the deployment makes it'
    : wrong('is not there', todo)
}
