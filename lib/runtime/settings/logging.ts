import { setting, slice } from './slice.ts'
import { oneOf } from './values.ts'

/** The logger itself reads this setting. It is declared here for the documentation and for the checks of a deployment. */
export const LOGGING = slice(
  'Logs',
  {
    LOG_LEVEL: setting(oneOf(['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'CRITICAL', 'SILENT']), {
      description: 'The least severe level that is logged.',
      default: 'INFO',
    }),
  },
  () => ({}),
)
