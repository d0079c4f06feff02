/** The closed list's codes in German; one that is missing is shown in English, as the API tells it. */
export const germanErrors: Record<string, readonly [meaning: string, remedy: string]> = {
  DESTINATION_UNREACHABLE: [
    "Keine Verbindung zum Ziel.",
    "Rechner, Port und Firewall prüfen; Bahnen gehen von selbst weiter, sobald es antwortet.",
  ],
  DESTINATION_BUSY: ["Das Ziel bittet, später wiederzukommen.", "Nichts, außer es hält an; dann das KIS-Team fragen."],
  DESTINATION_UNTRUSTED: [
    "Ein Zertifikat wird abgelehnt: das des Ziels von uns oder unseres von ihm.",
    "Das genannte Zertifikat erneuern oder berichtigen; Dateien werden von selbst neu gelesen, Bahnen gehen dann weiter.",
  ],
  DESTINATION_REJECTS: [
    "Das Ziel lehnt diese Art von Nachricht überhaupt ab: es ist nicht dafür eingerichtet, oder wir nicht.",
    "MSH-3 bis MSH-6, MSH-9, MSH-11 und MSH-12 mit dem vergleichen, was das KIS-Team eingerichtet hat.",
  ],
  DESTINATION_UNAUTHORIZED: [
    "Das Ziel lehnt unsere Zugangsdaten ab.",
    "Die Zugangsdaten des Kanals erneuern; Bahnen gehen dann von selbst weiter.",
  ],
  DESTINATION_NO_ANSWER: [
    "Die Nachricht wurde gesendet, aber keine passende Antwort kam rechtzeitig.",
    "Nichts; dieselben Bytes werden unter derselben Kennung noch einmal gesendet.",
  ],
  DESTINATION_REFUSED: [
    "Das Ziel hat die Nachricht wegen ihres Inhalts abgelehnt.",
    "Quittung lesen, Abbildung, Kanal oder Stammdaten berichtigen, dann noch einmal verarbeiten.",
  ],
  PATIENT_NOT_YET_KNOWN: [
    "Das Ziel kennt den Patienten oder Fall noch nicht.",
    "Nichts; es wird wieder versucht, wenn das KIS Zeit hatte, ihn kennenzulernen.",
  ],
  PATIENT_WITHDRAWN: [
    "Das KIS hat den Patienten gelöscht, bevor die Nachricht gesendet wurde.",
    "Noch einmal verarbeiten: sie wird neu zugeordnet, oder angehalten, wenn niemand die Nummer trägt.",
  ],
  PATIENT_AMBIGUOUS_AT_DESTINATION: [
    "Das Ziel kennt mehrere Patienten mit dieser Kennung.",
    "Das KIS-Team die Dublette auflösen lassen, dann noch einmal verarbeiten.",
  ],
  CONFIRMATION_MISSING: [
    "Das Ziel hat die Nachricht angenommen, zeigt sie aber noch nicht.",
    "Nichts; es wird wieder gelesen. Hält es an, die Kennungen der Quittung mit dem KIS vergleichen.",
  ],
  CONFIRMATION_MISMATCH: [
    "Was das Ziel hält, weicht in Patient, Größe oder Hash ab.",
    "Zuerst die Akte berichtigen: es kann die des falschen Patienten sein. Dann noch einmal verarbeiten.",
  ],
  MAPPING_FAILED: [
    "Die Abbildung konnte aus dieser Nachricht nichts machen.",
    "Abbildung oder ihre Parameter berichtigen, `botenstoff test` laufen lassen, dann noch einmal verarbeiten.",
  ],
  MEDIA_UNAVAILABLE: [
    "Der Anbieter kann den Anhang gerade nicht liefern.",
    "Nichts; es wird wieder gefragt, bis er nach 7 Tagen verfällt.",
  ],
  MEDIA_UNAUTHORIZED: [
    "Der Anbieter lehnt das Zugriffstoken ab.",
    "WHATSAPP_ACCESS_TOKEN erneuern; wartende Anhänge gehen dann von selbst weiter.",
  ],
  MEDIA_GONE: ["Den Anhang gibt es beim Anbieter nicht mehr.", "Den Patienten bitten, ihn noch einmal zu senden."],
  MEDIA_TYPE_NOT_ALLOWED: [
    "Der Kanal erlaubt diese Art von Anhang nicht.",
    "Die Nachricht freigeben, oder die Art in `attachments.allow` aufnehmen und noch einmal verarbeiten.",
  ],
  MEDIA_INFECTED: [
    "Der Virenscanner hat etwas im Anhang gefunden.",
    "Nicht öffnen; den Absender unterrichten. Nur freigeben, was erwiesen Fehlalarm ist.",
  ],
  MEDIA_UNREADABLE: [
    "Der Anhang ist beschädigt, zu groß oder trägt aktive Inhalte.",
    "Die Nachricht ansehen; freigeben oder um neues Senden bitten.",
  ],
  STORE_UNAVAILABLE: ["PostgreSQL antwortet nicht.", "PostgreSQL prüfen; alles geht von selbst weiter."],
};
