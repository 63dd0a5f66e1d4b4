/** Pages of the console, and the objects that each of them shows. */
import assert from 'node:assert/strict'
import type { Answers } from '../../console/api/all-routes.ts'
import { buildAddress } from '../../console/page/client/address.ts'
import type { ServedConsole } from './console.ts'
import type { TestEnvironment } from './environment.ts'
import { NAMES } from './families.ts'
import { MARKUP } from './marked-environment.ts'

/** Objects for the pages that show a single object. */
export interface Things {
  readonly entity: string
  readonly rule: string
  readonly alert: string
  readonly letter: string
  readonly topic: string
  readonly group: string
}

interface ConsolePage {
  /** Name for test titles. */
  readonly name: string
  readonly address: (things: Things) => string
}

/** Number of pages in the navigation, which are the first ones in the list. */
export const AREAS = 7

/** Together with an entity, as many as a chart has colors. */
const MISSING = Array.from({ length: 11 }, (_, at) => `/environment/test-site missing-${at}`)

const at = (path: string): ConsolePage => ({ name: path, address: () => path })

export const PAGES: readonly ConsolePage[] = [
  at('/'),
  at('/telemetry'),
  at('/alerts'),
  at('/failures'),
  at('/kafka'),
  at('/states'),
  at('/tables'),
  { name: 'an entity', address: ({ entity }) => buildAddress('/telemetry', { entity }) },
  at('/telemetry/statistics'),
  {
    name: 'a chart of entities',
    address: ({ entity }) =>
      buildAddress('/telemetry/chart', { entities: [entity, ...MISSING].join('\n'), of: 20 }),
  },
  at('/alerts?state=all'),
  { name: 'an alert', address: ({ alert }) => buildAddress('/alerts', { alert }) },
  at('/alerts/rules'),
  { name: 'a rule', address: ({ rule }) => buildAddress('/alerts/rules', { rule }) },
  at('/alerts/silences'),
  { name: 'a dead letter', address: ({ letter }) => buildAddress('/failures', { letter }) },
  { name: 'a table', address: () => '/tables?table=by_sensor' },
  { name: 'a table with windows', address: () => '/tables?table=by_minute' },
  { name: 'a topic', address: ({ topic }) => buildAddress('/kafka', { topic }) },
  at('/kafka/messages'),
  { name: 'the messages of a topic', address: ({ topic }) => buildAddress('/kafka/messages', { topic }) },
  at('/kafka/groups'),
  { name: 'a group', address: ({ group }) => buildAddress('/kafka/groups', { group }) },
  at('/states?state=processor'),
  at('/nowhere'),
]

/** Returns objects of an environment for the pages. @param environment result of `markedEnvironment` */
export async function findThings(environment: TestEnvironment, served: ServedConsole): Promise<Things> {
  const { rows: alerts } = await served.ask<Answers['/alerts/list']>('/alerts/list')
  const { rows: letters } = await served.ask<Answers['/failures']>('/failures')
  const [[alert], [letter]] = [alerts, letters]
  assert.ok(alert && letter, 'an alert fires, and there is a dead letter')
  return {
    entity: `/environment/test-site ${MARKUP}`,
    rule: alert.rule,
    alert: alert.id,
    letter: letter.at,
    topic: environment.topic('readings'),
    group: NAMES.groupName('processor', environment.name),
  }
}
