import type { PlainReader } from '../../../packages/runtime/pipeline/decoding/plain-records.ts'
import { APPLICATION } from '../../app/application.ts'
import type { ConsumerSettings } from './partition-run.ts'

type Settings = Pick<ConsumerSettings, 'env' | 'idWindowMs' | 'futureToleranceMs'>

/** Returns the settings with which `alerting` reads its topics. @param reader reads data that is not JSON, and foreign records */
export async function settingsOf(
  { env, idWindowMs, futureToleranceMs }: Settings,
  reader?: PlainReader,
): Promise<ConsumerSettings> {
  const readForeign = await reader?.foreign?.()
  return {
    ...{ env, idWindowMs, futureToleranceMs },
    ...(reader ? { reader } : {}),
    ...(readForeign ? { application: { ...APPLICATION, readForeign } } : {}),
  }
}
