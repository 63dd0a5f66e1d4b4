import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, afterEach, beforeEach, describe, it } from 'node:test'
import { COMPOSE_FILE } from '../../../localstack/docker.ts'
import { startServices } from '../../../localstack/start-services.ts'
import { ownServices, temporaryFolder } from './support.ts'

// No Docker daemon is needed: a program of the same name records its arguments.

describe('given a Docker daemon', () => {
  const { folder, remove } = temporaryFolder()
  const path = process.env.PATH
  after(remove)

  beforeEach(() => {
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder, { recursive: true })
    process.env.PATH = `${folder}:${path}`
  })

  afterEach(() => {
    process.env.PATH = path
  })

  it('when the containers are started, used and stopped, then compose is called for just that', async () => {
    dockerAnswers('exit 0')
    const options = await ownServices(folder)
    const services = await startServices({ ...options, docker: true, fresh: true })
    await services.stop()
    assert.deepEqual(asked(), ['info', 'down --volumes', 'up --detach --wait kafka valkey aws', 'down'])
    assert.deepEqual(services.brokers, [`127.0.0.1:${options.kafka.port}`])
  })

  it('when a container does not become healthy, then all are taken down and the message has its reason', async () => {
    dockerAnswers('case "$*" in *" up "*) echo "container sluice-kafka-1 is unhealthy" >&2; exit 1;; esac')
    const options = await ownServices(folder)
    await assert.rejects(
      startServices({ ...options, docker: true }),
      /docker compose .* up .* fails: container sluice-kafka-1 is unhealthy/,
    )
    assert.equal(asked().at(-1), 'down')
  })

  it('when no daemon answers, then the message says so, and what to do', async () => {
    dockerAnswers('echo "Cannot connect to the Docker daemon" >&2; exit 1')
    const options = await ownServices(folder)
    await assert.rejects(
      startServices({ ...options, docker: true }),
      /docker info fails: Cannot connect to the Docker daemon\n {2}Start the Docker daemon/,
    )
  })

  function dockerAnswers(script: string): void {
    const docker = join(folder, 'docker')
    writeFileSync(docker, `#!/bin/sh\necho "$@" >> "${folder}/asked.txt"\n${script}\n`)
    chmodSync(docker, 0o755)
  }

  function asked(): string[] {
    const lines = readFileSync(join(folder, 'asked.txt'), 'utf8').trim().split('\n')
    return lines.map(line => line.replace(`compose --file ${COMPOSE_FILE} `, ''))
  }
})
