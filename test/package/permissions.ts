/** What a role in the template may do. */
import assert from 'node:assert/strict'

/** The cluster that the template is made for. */
export const CLUSTER =
  'arn:aws:kafka:eu-west-1:123456789012:cluster/sluice/751d2973-a626-431c-9d4e-d7975eb44dd7-2'

interface Statement {
  readonly Action: readonly string[]
  readonly Resource: readonly (string | { readonly 'Fn::Sub': string })[]
}

function resourcesFor(action: string, statements: readonly Statement[]): string[] {
  return statements
    .filter(({ Action }) => Action.includes(action))
    .flatMap(({ Resource }) => Resource.map(String))
}

/** The signals that a role may do this with; a topic of another cluster or environment stays as it is. */
export function topicsFor(action: string, statements: readonly Statement[]): string[] {
  const topics = CLUSTER.replace(':cluster/', ':topic/')
  return resourcesFor(action, statements).map(arn =>
    arn.replace(`${topics}/sluice.telemetry.`, '').replace(/\.prod$/, ''),
  )
}

export function groupsFor(statements: readonly Statement[]): string[] {
  const groups = CLUSTER.replace(':cluster/', ':group/')
  return resourcesFor('kafka-cluster:AlterGroup', statements).map(arn => arn.replace(`${groups}/`, ''))
}

/** Every action has its service's name and its own, and every resource is a certain one, as far as AWS knows any. */
export function assertNarrow(statements: readonly Statement[]): void {
  for (const { Action, Resource } of statements) {
    for (const action of Action) assert.match(action, /^[a-z0-9-]+:[A-Za-z0-9]+$/)
    if (Resource.includes('*'))
      assert.ok(
        Action.every(action => action.startsWith('ec2:')),
        Action.join(),
      )
  }
}
