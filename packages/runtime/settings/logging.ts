import { setting, slice } from './slice.ts'
import { oneOf } from './value-kinds.ts'

/** The logger itself reads this setting. It is declared here for the documentation and for the checks of a deployment. */
export const LOGGING = slice('Logs', {
  LOG_LEVEL: setting(
    'logging.level',
    oneOf(['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'CRITICAL', 'SILENT']),
    {
      description: 'Minimum level of log lines.',
      default: 'INFO',
    },
  ),
})
