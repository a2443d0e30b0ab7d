/** Name of the environment variable in which every container finds the parameter. */
export function paramVariable(param: string): string {
  return `FUSEE_PARAM_${param.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_')}`
}
