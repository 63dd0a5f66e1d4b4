import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, it } from 'node:test'
import {
  brokerFolders,
  clusterIdIn,
  foldersOfOthers,
  isFormatted,
  logFolder,
  requireSameBrokers,
} from '../../../localstack/services/kafka-data.ts'

describe('the data of the brokers', () => {
  let dataDir: string

  beforeEach(() => {
    dataDir = mkdtempSync(join(tmpdir(), 'sluice-kafka-data-'))
  })

  afterEach(() => rmSync(dataDir, { recursive: true, force: true }))

  it('is in a folder for each of them, which no cluster of another size shares', () => {
    const names = (brokers: number) => brokerFolders(dataDir, brokers).map(({ name }) => name)
    assert.deepEqual(names(1), ['kafka'])
    assert.deepEqual(names(3), ['kafka-1', 'kafka-2', 'kafka-3'])
    assert.deepEqual(foldersOfOthers(dataDir, 3), brokerFolders(dataDir, 1))
    assert.deepEqual(foldersOfOthers(dataDir, 1), brokerFolders(dataDir, 3))
  })

  it('is reused by a cluster of the same size, even if only one folder is left', () => {
    requireSameBrokers(dataDir, 3)
    const [, second] = brokerFolders(dataDir, 3)
    made(second?.dir ?? '', 'the-cluster')
    requireSameBrokers(dataDir, 3)
    assert.equal(clusterIdIn(brokerFolders(dataDir, 3)), 'the-cluster')
  })

  for (const [before, now, were] of [
    [1, 3, 'one Kafka broker'],
    [3, 1, '3 Kafka brokers'],
  ] as const)
    it(`is rejected if it was written by ${were} and ${now} are requested, with what to do`, () => {
      for (const { dir } of brokerFolders(dataDir, before)) made(dir)
      assert.throws(() => requireSameBrokers(dataDir, now), {
        name: 'UserError',
        message:
          `${dataDir} contains data of ${were}, which cannot be used with ${now}. Start with --fresh (the data is ` +
          `lost), with --brokers ${before}, or with another folder in SLUICE_DATA_DIR.`,
      })
    })
})

function made(dir: string, clusterId = 'c'): void {
  assert.equal(isFormatted(dir), false)
  mkdirSync(logFolder(dir), { recursive: true })
  writeFileSync(join(logFolder(dir), 'meta.properties'), `version=1\ncluster.id=${clusterId}\nnode.id=1\n`)
  assert.equal(isFormatted(dir), true)
}
