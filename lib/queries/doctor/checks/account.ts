/** What an environment has in AWS, as far as whoever asks may see it. Pure. */
import { about, type Finding } from '../finding.ts'

/** Something in the account that the functions need. */
export interface AccountThing {
  /** `secret`, `parameter`, `alerts-topic`, `bucket`, `cluster`. */
  readonly check: string
  readonly name: string
  /** Who makes it, or what to do without it. */
  readonly todo: string
  /** Whether a deployment makes it where there is none. */
  readonly isMadeByDeployment: boolean
}

/** `wrong`: it is there, and not as it must be. `unseen`: whoever asks may not look, or AWS does not answer. */
export type ThingSeen =
  | { readonly is: 'there'; readonly says: string }
  | { readonly is: 'missing' }
  | { readonly is: 'wrong'; readonly says: string }
  | { readonly is: 'unseen'; readonly why: string }

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
