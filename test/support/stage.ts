/** Runs a consumer of Sluice without servers, as the engine's own stage runs any. */
import { counting, Stage as EngineStage } from '#runtime/test/support/stage'
import { APPLICATION } from './families.ts'

export { RecordingObserver } from '#runtime/test/support/stage'
export { counting }

export class Stage extends EngineStage {
  constructor(...[process, overrides]: ConstructorParameters<typeof EngineStage>) {
    super(process, overrides, APPLICATION)
  }
}
