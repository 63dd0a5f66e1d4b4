import type { StateKey } from '../../pipeline/model/partition-state.ts'
import type { SkippedRecords } from '../../pipeline/ports.ts'
import type { RedisClient } from './client.ts'
import { buildKeys, buildSkippedKey } from './keys.ts'
import { lua, script } from './scripts.ts'

const SKIP_RECORD = script(lua('skip-record'))

/** Records that operators have skipped, one key per partition state. `load` reads the key together with the state. */
export class RedisSkippedRecords implements SkippedRecords {
  readonly #client: RedisClient

  constructor(client: RedisClient) {
    this.#client = client
  }

  async listSkipped(stateKey: StateKey): Promise<ReadonlyMap<number, string>> {
    const digests = await this.#client.run(redis => redis.hgetall(buildSkippedKey(stateKey)))
    return new Map(Object.entries(digests).map(([offset, digest]) => [Number(offset), digest]))
  }

  async skip(stateKey: StateKey, offset: number, digest: string): Promise<'skipped' | 'already-applied'> {
    const keys = [buildKeys(stateKey).meta, buildSkippedKey(stateKey)]
    const isSkipped = await this.#client.eval(SKIP_RECORD, keys, [offset, digest])
    return Number(isSkipped) === 1 ? 'skipped' : 'already-applied'
  }

  async unskip(stateKey: StateKey, offset: number): Promise<boolean> {
    return (await this.#client.run(redis => redis.hdel(buildSkippedKey(stateKey), `${offset}`))) === 1
  }
}
