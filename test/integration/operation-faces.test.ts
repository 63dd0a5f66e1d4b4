/** All operations, each in all its faces: the command with its help, its protocol and `--json`, and the routes. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { brokers, redisUrl } from '@sluice/test-kit/servers'
import { toFlag } from '../../cli/command.ts'
import { isArgument } from '../../cli/declare.ts'
import type { Answers } from '../../console/api/all-routes.ts'
import type { ShownPlan, ShownResult } from '../../console/api/operations.ts'
import { CONSOLE_OPERATIONS, OPERATIONS } from '../../control/operations/all.ts'
import type { AnyOperation } from '../../control/operations/operation.ts'
import type { Texts } from '../../control/questions/field.ts'
import { type ServedConsole, servedConsole } from '../support/console.ts'
import type { TestEnvironment } from '../support/environment.ts'
import { markedEnvironment } from '../support/marked-environment.ts'
import { ran } from '../unit/cli/terminal.ts'

/** Options that all operations have. */
const PROTOCOL = ['yes', 'dryRun', 'json', 'env']

describe('given an operation', () => {
  let environment: TestEnvironment
  let served: ServedConsole
  let viewed: ServedConsole
  let variables: Readonly<Record<string, string>>
  /** Request of each operation that consoles offer. */
  let requests: Readonly<Record<string, Texts>>

  before(async () => {
    environment = await markedEnvironment()
    const { name: env } = environment
    served = await servedConsole({ env })
    viewed = await servedConsole({ env, person: { name: 'vera', role: 'viewer' } })
    variables = { KAFKA_BROKERS: brokers().join(','), REDIS_URL: redisUrl(), SLUICE_ENV: env }
    const silence = ['--rule', 'HOT', '--for', '1h', '--comment', 'works']
    const { stdout } = await ran(['silence', 'add', ...silence, '--json'], { environment: variables })
    const ends = await environment.client.ends(environment.topic('readings'))
    const partition = ends.findIndex(end => end > 1)
    const at = `${partition}@${(ends[partition] ?? 0) - 1}`
    await ran(['skip', 'processor', at, '--yes'], { environment: variables })
    const later = { start: '2099-01-01T00:00:00Z', until: '2099-01-02T00:00:00Z', comment: 'works' }
    requests = {
      'dlq drop': { since: '1d' },
      'dlq redrive': { since: '1d', rate: '5/s' },
      'silence add': { rule: ['HOT', 'COLD'], ...later },
      skip: { consumer: 'processor', at },
      'skip undo': { consumer: 'processor', at },
      'topics create': { name: `${env}.created`, partitions: '2' },
      'silence end': { id: JSON.parse(stdout).result.id },
      'state drop': { consumer: 'processor', partition: String(partition) },
      'topics apply': {},
    }
  })
  after(async () => {
    await Promise.all([served?.close(), viewed?.close()])
    await environment?.close()
  })

  it('then there are some to look at, and each that consoles offer is asked for', () => {
    assert.ok(Object.keys(OPERATIONS).length > 10)
    assert.deepEqual(Object.keys(requests).toSorted(), Object.keys(CONSOLE_OPERATIONS).toSorted())
  })

  const post = (path: string, body: object, of = served) =>
    of.request(`/operations${path}`, { method: 'POST', body: JSON.stringify(body) })

  for (const [words, { load }] of Object.entries(OPERATIONS)) {
    let operation: AnyOperation
    before(async () => {
      operation = await load()
    })

    it(`${words}: then its options are those of its fields and of the protocol`, async () => {
      const { stdout: help } = await ran([...words.split(' '), '--help'])
      for (const [name, field] of Object.entries(operation.fields)) {
        assert.ok(!PROTOCOL.includes(name), name)
        assert.ok(help.includes(isArgument(field) ? name : toFlag(name)), name)
      }
      for (const option of ['--dry-run', '--json', '--env']) assert.ok(help.includes(option), option)
      assert.equal(help.includes('--yes'), operation.asks !== null)
    })

    if (!Object.hasOwn(CONSOLE_OPERATIONS, words)) continue

    const toArguments = (request: Texts) =>
      Object.entries(request).flatMap(([name, texts]) => {
        const field = operation.fields[name]
        return [texts].flat().flatMap(text => (field && isArgument(field) ? [text] : [toFlag(name), text]))
      })
    const command = (...options: string[]) =>
      ran([...words.split(' '), ...toArguments(requests[words] ?? {}), ...options], {
        environment: variables,
      })

    it(`${words}: then nothing is read without a terminal and an answer`, async () => {
      if (operation.asks === null) return
      const args = [...words.split(' '), ...toArguments(requests[words] ?? {})]
      const away = { ...variables, KAFKA_BROKERS: '127.0.0.1:1', REDIS_URL: 'redis://127.0.0.1:1' }
      const { status, stderr } = await ran(args, { environment: away })
      assert.equal(status, 2)
      assert.equal(
        stderr,
        'Nothing was changed: there is no terminal to confirm on, so add --yes, or --dry-run.\n',
      )
    })

    it(`${words}: then a dry run and the page show one plan, and nothing is changed`, async () => {
      const audits = (await environment.audits()).length
      const { status, stdout } = await command('--dry-run')
      const { stdout: json } = await command('--dry-run', '--json')
      const response = await post('/plan', { action: words, request: requests[words] })
      const { lines, isEmpty } = (await response.json()) as ShownPlan
      assert.deepEqual([status, response.status], [0, 200])
      assert.equal(stdout, `${lines.join('\n')}\n`)
      assert.equal(JSON.parse(json).result, null)
      assert.equal(isEmpty, words === 'topics apply')
      assert.equal((await environment.audits()).length, audits)
    })

    it(`${words}: then a viewer, unknown fields, and a plan that has become another are refused`, async () => {
      const [request, at] = [requests[words], new Date().toISOString()]
      const asked = { action: words, request, at }
      assert.equal((await post('/carry-out', asked, viewed)).status, 403)
      assert.equal(
        (await post('/plan', { action: words, request: { ...request, nothing: 'x' } })).status,
        400,
      )
      assert.equal((await post('/carry-out', { ...asked, expects: { of: 'another' } })).status, 409)
    })
  }

  it('given firing alerts, then the plan of a silence says which of them it mutes, in both faces', async () => {
    const { rows } = await served.ask<Answers['/alerts/list']>('/alerts/list')
    const [{ rule, entity } = assert.fail('an alert fires')] = rows
    const { muted } = Object.groupBy(rows, row => (row.rule === rule ? 'muted' : 'others'))
    const said = new RegExp(`^It mutes ${muted?.length} firing alerts? of ${rows.length}: .*${rule} of `, 'm')
    const asked = ['silence', 'add', '--rule', rule, '--for', '1h', '--comment', 'works', '--dry-run']
    const { stdout } = await ran(asked, { environment: variables })
    const request = { rule, for: '1h', comment: 'works' }
    const { lines } = (await (await post('/plan', { action: 'silence add', request })).json()) as ShownPlan
    for (const text of [stdout, lines.join('\n')]) {
      assert.match(text, said)
      assert.ok(text.includes(entity), text)
    }
  })

  it('then what takes an operation back is offered by the page, and named by the command', async () => {
    const [request, at] = [requests['silence add'], new Date().toISOString()]
    const added = await post('/carry-out', { action: 'silence add', request, at })
    const { undo } = (await added.json()) as ShownResult
    assert.equal(undo?.action, 'silence end')
    const ended = await post('/carry-out', { ...undo, at })
    assert.deepEqual([ended.status, ((await ended.json()) as ShownResult).undo], [200, null])
    const skip = requests.skip as { readonly consumer: string; readonly at: string }
    const args = [skip.consumer, skip.at, '--topic', environment.topic('readings')]
    await ran(['skip', 'undo', ...args], { environment: variables })
    const { stdout } = await ran(['skip', ...args, '--yes'], { environment: variables })
    const undone = `sluice skip undo ${args.join(' ')} --env ${environment.name}`
    assert.equal(stdout.trim().split('\n').at(-1), `Undo: ${undone}`)
    const { status } = await ran(undone.split(' ').slice(1), { environment: variables })
    assert.equal(status, 0)
  })

  // Promise docs/commands.md#operations
  it('given a plan that is carried out twice at once, then it has one effect, and each says what it did', async () => {
    const { request } = (await (
      await post('/plan', { action: 'silence add', request: { rule: 'TWICE', for: '1h', comment: 'works' } })
    ).json()) as ShownPlan
    const at = new Date().toISOString()
    const send = async (action: string, request: Texts | undefined, expects?: object) => {
      const response = await post('/carry-out', { action, request, at, ...(expects && { expects }) })
      return { status: response.status, ...((await response.json()) as ShownResult) }
    }
    const added = await Promise.all([1, 2, 3].map(() => send('silence add', request)))
    const silences = added.map(({ result }) => result as { readonly id: string; readonly isNew: boolean })
    assert.equal(new Set(silences.map(({ id }) => id)).size, 1)
    assert.equal(silences.filter(({ isNew }) => isNew).length, 1)
    assert.equal(added.filter(({ lines }) => /was added before/.test(lines.join())).length, 2)
    await send('silence end', { id: silences[0]?.id ?? '' })
    assert.match((await send('silence add', request)).lines.join(), /was added before/)
    // The plan of a state that was dropped meanwhile is asked about again.
    const planned = await post('/plan', { action: 'state drop', request: requests['state drop'] })
    const { expects } = (await planned.json()) as ShownPlan
    const ended = await Promise.all([1, 2].map(() => send('state drop', requests['state drop'], expects)))
    assert.deepEqual(ended.map(({ status }) => status === 200).toSorted(), [false, true])
  })

  it('then the fields that a form can have are those of the request', async () => {
    const fields = (await (await served.request('/operations')).json()) as Answers['/operations']
    assert.deepEqual(Object.keys(fields).toSorted(), Object.keys(CONSOLE_OPERATIONS).toSorted())
    assert.deepEqual(
      fields['topics create']?.map(({ name, isRequired }) => [name, isRequired]),
      [
        ['name', true],
        ['partitions', false],
        ['replicationFactor', false],
        ['set', false],
      ],
    )
    assert.ok(!fields['silence end']?.some(({ name }) => name === 'author'))
    const ends = fields['silence add']?.filter(({ conflicts }) => conflicts.length > 0)
    assert.deepEqual(
      ends?.map(({ name, conflicts }) => [name, conflicts]),
      [
        ['for', ['until']],
        ['until', ['for']],
      ],
    )
  })

  it('then a topic that Kafka would refuse is refused by the plan', async () => {
    const dryRun = (...args: string[]) =>
      ran(['topics', 'create', ...args, '--dry-run'], { environment: variables })
    const odd = await dryRun(`${variables.SLUICE_ENV}.odd`, '--replication-factor', '99')
    assert.deepEqual([odd.status, /replication factor 99 is larger/.test(odd.stderr)], [1, true])
    const unknown = await dryRun(`${variables.SLUICE_ENV}.odd`, '--set', 'retention=1')
    assert.match(unknown.stderr, /Kafka does not accept retention=1/)
  })

  it('then a request that means nothing, too much, or what is not there is refused', async () => {
    for (const [request, status] of [
      [{}, 400],
      [{ at: '0@0', code: 'rejected' }, 400],
      [{ at: '0@999' }, 404],
    ] as const)
      assert.equal((await post('/carry-out', { action: 'dlq drop', request })).status, status)
  })

  it('then one that a console does not offer is refused with the command', async () => {
    const response = await post('/plan', { action: 'reprocess', request: {} })
    const { message } = (await response.json()) as { readonly message: string }
    assert.deepEqual(
      [response.status, message],
      [404, 'This console has no operation reprocess: use `sluice reprocess`.'],
    )
  })
})
