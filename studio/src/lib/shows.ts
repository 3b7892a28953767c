// A field that shows what is there: what was typed may have been too much, or no number.

/** `use:shows={value}`: so the field reads after each change, even where what is there stays as it was. */
export function shows(field: HTMLInputElement, value: string | number) {
  let now = value;
  const show = () => setTimeout(() => (field.value = String(now))); // once the change has been dealt with
  field.addEventListener('change', show);
  return {
    update: (to: string | number) => (now = to),
    destroy: () => field.removeEventListener('change', show),
  };
}
