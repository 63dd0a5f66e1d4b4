import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, it } from 'node:test'
import {
  brokerFolders,
  clusterIdIn,
  isFormatted,
  logFolder,
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
  })

  it('is reused by a cluster of the same size, even if only one folder is left', () => {
    const [, second] = brokerFolders(dataDir, 3)
    made(second?.dir ?? '', 'the-cluster')
    assert.equal(clusterIdIn(brokerFolders(dataDir, 3)), 'the-cluster')
  })
})

function made(dir: string, clusterId = 'c'): void {
  assert.equal(isFormatted(dir), false)
  mkdirSync(logFolder(dir), { recursive: true })
  writeFileSync(join(logFolder(dir), 'meta.properties'), `version=1\ncluster.id=${clusterId}\nnode.id=1\n`)
  assert.equal(isFormatted(dir), true)
}
