/** Handler of the consumer `intake`, for the functions that read inputs and the one that reads their redriven records. */
import { INTAKE } from '../../intake/input.ts'
import { intake } from '../../intake/intake.ts'
import { createRecordReader } from '../../intake/read-record.ts'
import { resolveInputs } from '../inputs/inputs.ts'
import { loadAllInputs } from '../inputs/loaded-inputs.ts'
import { GENERAL, INPUTS, ONE_MACHINE, PARTITION_KEY } from '../settings/index.ts'
import { kafkaConsumer } from './kafka-consumer.ts'

export function intakeConsumer() {
  return kafkaConsumer(INTAKE, config => intake(config.families, resolveInputs(config), config.keyBy), {
    slices: [GENERAL, INPUTS, ONE_MACHINE, PARTITION_KEY],
    foreignReader: async config => createRecordReader(config.families, await loadAllInputs(config)),
  })
}
