import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { it } from 'node:test'
import { PROJECT } from '@sluice/test-kit/program'
import { checkCertificate } from '../../../control/diagnosis/checks/certificates.ts'
import { checkConsumer, checkDeadLetters } from '../../../control/diagnosis/checks/consumers.ts'
import { checkHistory } from '../../../control/diagnosis/checks/history.ts'
import { checkKafka } from '../../../control/diagnosis/checks/kafka.ts'
import { checkProducers, checkTypes } from '../../../control/diagnosis/checks/producers.ts'
import { checkRedis } from '../../../control/diagnosis/checks/redis.ts'
import { checkEntities, checkInput, checkTopic } from '../../../control/diagnosis/checks/topics.ts'
import { checkClocks } from '../../../control/diagnosis/clocks.ts'
import type { Area, Finding } from '../../../control/diagnosis/finding.ts'
import { checkTransactions } from '../../../control/diagnosis/transactions.ts'
import { listCodeWords } from '../../support/code-words.ts'
import { ACCOUNT, consumer, kafka, NOW_MS, redisServer, topic } from '../../support/doctor-facts.ts'
import { NAMES } from '../../support/families.ts'

const PERIOD = { validFromDate: new Date(NOW_MS), validToDate: new Date(NOW_MS) }

/** Findings of each function that checks something and returns findings, by the name of the function. */
const FINDINGS: Readonly<Record<string, () => readonly Finding[]>> = {
  checkCertificate: () =>
    (['kafka', 'redis'] as const).map(area => checkCertificate(area, 'one', PERIOD, NOW_MS)),
  checkClocks: () => checkClocks('readings', []),
  checkConsumer: () => checkConsumer(consumer(), NOW_MS),
  checkDeadLetters: () => checkDeadLetters('dlq', 30, { unseen: 'away' }, NOW_MS),
  checkEntities: () => checkEntities('readings', []),
  checkHistory: () => checkHistory({ topic: 'readings', days: 15, objects: { seen: [] } }),
  checkInput: () => [checkInput(topic(), ACCOUNT)],
  checkKafka: () => checkKafka(kafka(), ACCOUNT),
  checkProducers: () => checkProducers(topic(), 0),
  checkRedis: () =>
    checkRedis(
      {
        ...{ address: 'cache:6379', encrypted: true, mode: 'single' },
        servers: { seen: [redisServer()] },
        refused: { seen: [] },
        rebuilds: { seen: [] },
      },
      ACCOUNT,
    ),
  checkTopic: () => checkTopic(NAMES, topic(), ACCOUNT),
  checkTransactions: () => checkTransactions('prod', { seen: [] }, NOW_MS),
  checkTypes: () => checkTypes('readings', { seen: [] }),
}

/** Functions that return a judgement, which is part of a finding of another function. */
const PARTS = ['checkCommits']

/** Settings of topics, which the page does not list, have a dot in their names. */
const withoutSettings = (checks: readonly string[]) =>
  [...new Set(checks.filter(check => !check.includes('.')))].toSorted()

/** Returns the listed checks of the page, each as `area check`. */
function listChecks(page: string): string[] {
  const [, list = ''] = /^## The checks$(.*?)^##/ms.exec(page) ?? []
  let area = ''
  return list.split('\n').flatMap(line => {
    area = /^- `(\w+)`/.exec(line)?.[1] ?? area
    const [, names = ''] = /^ {2}- ([^:(]+)/.exec(line) ?? []
    return listCodeWords(names).map(check => `${area} ${check}`)
  })
}

const readPage = (name: string) => readFileSync(join(PROJECT, 'docs', name), 'utf8')

it('given docs/doctor.md, then it lists each check of the doctor', () => {
  const findings = Object.values(FINDINGS).flatMap(find => find())
  const checks = findings.map(({ area, check }) => `${area} ${check}`)
  // The check of operations reads Kafka.
  const all = [...checks, `${'operations' satisfies Area} ended`]
  assert.deepEqual(withoutSettings(listChecks(readPage('doctor.md'))), withoutSettings(all))
})

it('given a finding of the doctor in docs/troubleshooting.md, then there is such a check', () => {
  const quoted = [...readPage('troubleshooting.md').matchAll(/(?:^- |doctor shows )`([\w-]+): /gm)]
  assert.ok(quoted.length > 2)
  const checks = listChecks(readPage('doctor.md')).map(check => check.split(' ')[1])
  for (const [, check] of quoted) assert.ok(checks.includes(check), check)
})

it('given the checks of the doctor, then none is missing here', async () => {
  const files = globSync('control/diagnosis/**/*.ts', { cwd: PROJECT })
  const modules = await Promise.all(files.map(file => import(join(PROJECT, file)) as Promise<object>))
  const functions = modules.flatMap(module => Object.keys(module)).filter(name => /^check[A-Z]/.test(name))
  assert.deepEqual(functions.toSorted(), [...Object.keys(FINDINGS), ...PARTS].toSorted())
})
