import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { it } from 'node:test'
import { PROJECT } from '@sluice/test-kit/program'
import { readFunctions } from '../../../control/environment/function-entries.ts'
import { isDeployed } from '../../../infra/functions/expanded-fields.ts'
import { buildPollerFields } from '../../../infra/functions/pollers.ts'
import { readAccount } from '../../../infra/place/account.ts'
import { listCodeWords } from '../../support/code-words.ts'

/** Hours of a month, and idle pollers of an event poller unit. */
const HOURS = 730
const POLLERS_OF_UNIT = 10

const PAGE = readFileSync(join(PROJECT, 'docs/costs.md'), 'utf8')

it('given docs/costs.md, then the units of prod at rest are those of its mappings', () => {
  const place = readAccount('prod', 'eu-west-1', { HISTORY_BUCKET: 'history' }, PROJECT)
  const functions = readFunctions().filter(entry => entry.consumes.length > 0 && isDeployed(entry, place))
  const groups = Object.groupBy(
    functions.flatMap(entry => entry.consumes.map(() => JSON.stringify(groupOf(entry)))),
    group => group,
  )
  const units = Object.values(groups).map((mappings = []) => Math.ceil(mappings.length / POLLERS_OF_UNIT))
  assert.ok(units.length > 1)
  const [, price = 0] = /event poller unit ([\d.]+) an hour/.exec(PAGE) ?? []
  const month = HOURS * Number(price) * units.reduce((sum, count) => sum + count)
  assert.ok(PAGE.includes(`| event poller units | 0 | ${month.toFixed(2)} |`), month.toFixed(2))
  const functionsPage = readFileSync(join(PROJECT, 'docs/functions.md'), 'utf8')
  assert.ok(functionsPage.includes(`[$${Math.round(month)} a month](costs.md#at-rest)`))

  function groupOf(entry: (typeof functions)[number]): unknown {
    const { provisionedPollerConfig } = buildPollerFields(entry, place) as {
      readonly provisionedPollerConfig: { readonly pollerGroupName: string }
    }
    return provisionedPollerConfig.pollerGroupName
  }
})

it('given docs/costs.md, then it lists the functions without a batching window', () => {
  const [, list = ''] = /full, .*? month\. (.*?), which have no batching window,/.exec(PAGE) ?? []
  const without = readFunctions().filter(
    ({ consumes, inputs, reading }) => (consumes.length > 0 || inputs) && reading.maximumBatchingWindow === 0,
  )
  assert.deepEqual(listCodeWords(list).toSorted(), without.map(({ name }) => name).toSorted())
})
