/** The test files that a mutation run may need. */
import { sourceFiles } from '../runner/source-files.ts'

/** Tests without any server. Not the tests of the tests: what they look at is broken on purpose already. */
export async function unitTests(): Promise<string[]> {
  const unit = await sourceFiles(
    'test/unit/{runtime,telemetry,alerting,analytics,activity,failures,views,schemas,support}/**/*.test.ts',
  )
  return unit.filter(file => !file.includes('sabotage'))
}

/** The tests of the Lua scripts. They need a Valkey and no other server. */
export function scriptTests(): Promise<string[]> {
  return sourceFiles(
    'test/integration/adapters/redis-{checkpoint,circuit-breaker,cursor,forward-cursors,partition-states,state-store}.test.ts',
    'test/long/same-log.test.ts',
  )
}
