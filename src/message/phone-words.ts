/**
 * Words beside a number that say what kind of number it is, when to call it, or that it is the patient's own. Any other
 * word may say whose it is ("Tochter"), and then the number is not trusted. A hospital's own list is
 * config/phone-words.yaml.
 */
export const PHONE_WORDS: ReadonlySet<string> = new Set(
  (
    "tel telefon telephone phone festnetz mobil mobile mobiltelefon mob handy handynr handynummer mobilnr mobilnummer " +
    "cell privat private priv dienstlich dienstl dienst büro buero office arbeit work beruflich berufl " +
    "geschäftlich geschäftl zuhause zu hause daheim home nr nummer number rufnummer rufnr telnr p " +
    "d g h m t tags tagsüber tagsueber abends morgens vormittags mittags nachmittags nachts " +
    "werktags ganztags neu neue aktuell nur immer meist bevorzugt erreichbar whatsapp whats app signal " +
    "telegram sms patient patientin pat selbst eigene "
  )
    .trim()
    .split(" "),
);
