/** Checks the AWS resources of an environment, as far as the caller has permission to read them. Pure. */
import type { AccountResource, ResourceState } from '../../app/aws/account-things.ts'
import { type Finding, finding, type Judgement, unknown, wrong } from '../finding.ts'

export function accountFinding(thing: AccountResource, seen: ResourceState): Finding {
  return finding('account', thing.check, thing.name, judgement(thing, seen))
}

function judgement({ todo }: AccountResource, seen: ResourceState): Judgement | string {
  if (seen.is === 'there') return seen.says
  if (seen.is === 'wrong') return wrong(seen.says, todo)
  if (seen.is === 'unseen')
    return unknown(seen.why, 'This check needs credentials of the account with permission to read it.')
  return wrong('does not exist', todo)
}
