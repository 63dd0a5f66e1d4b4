/** Reads the tables in force. */
import { findActivations } from '../../clock/activations.ts'
import { openStoredPlan } from '../../clock/view-plan.ts'
import type { Environment } from '../../questions/environment.ts'
import { VIEWS_ACTIVATED_TYPE } from '../../views/event-names.ts'
import { type ActivatedPlan, NO_TABLES } from '../../views/plan.ts'

/** Returns the plan in force, from the log if Redis has lost it; `NO_TABLES` before the first run of the function `clock`. */
export async function readInForce(environment: Environment): Promise<ActivatedPlan> {
  const { connections, config } = environment
  const stored = await (await openStoredPlan(connections, config.env)).read()
  if (stored) return stored
  const ports = { log: await environment.log(), bounds: await environment.offsets() }
  return (await findActivations<ActivatedPlan>(ports, config, VIEWS_ACTIVATED_TYPE)).newest ?? NO_TABLES
}
