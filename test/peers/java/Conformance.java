import ca.uhn.hl7v2.DefaultHapiContext;
import ca.uhn.hl7v2.HL7Exception;
import ca.uhn.hl7v2.conf.check.DefaultValidator;
import ca.uhn.hl7v2.conf.spec.message.Field;
import ca.uhn.hl7v2.conf.spec.message.Seg;
import ca.uhn.hl7v2.conf.store.AbstractCodeStore;
import ca.uhn.hl7v2.model.Group;
import ca.uhn.hl7v2.model.Message;
import ca.uhn.hl7v2.model.Segment;
import ca.uhn.hl7v2.model.Structure;
import ca.uhn.hl7v2.model.Varies;
import ca.uhn.hl7v2.model.Composite;
import ca.uhn.hl7v2.model.Type;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Judges segments by a conformance profile (conformance.txt) with HAPI's own validator: usage, repetitions, length, tables. */
final class Conformance {
  private record Rule(String usage, int max, int length, String table) {}

  private final Map<String, Rule> rules = new HashMap<>();
  private final Map<String, List<String>> tables = new HashMap<>();
  /** Data types are those of the version's own classes, which have read the message. */
  private final DefaultValidator validator = new DefaultValidator(new DefaultHapiContext()) {
    @Override
    protected void checkDataType(String wanted, Type type, List<HL7Exception> faults) {}
  };

  /** @param dialect whose own rules come on top: "german" */
  Conformance(Path file, String dialect) throws IOException {
    for (String line : Files.readAllLines(file)) {
      List<String> words = new ArrayList<>(List.of(line.trim().split(" +")));
      if (line.isBlank() || line.startsWith("#")) continue;
      if (words.get(0).equals("table")) {
        tables.put(words.get(1), words.subList(2, words.size()).stream().map(code -> code.replace('_', ' ')).toList());
        continue;
      }
      if (!words.get(0).contains("-") && !words.remove(0).equals(dialect)) continue;
      int length = words.size() > 3 ? Integer.parseInt(words.get(3)) : 0;
      int max = words.size() > 2 ? Integer.parseInt(words.get(2)) : 0;
      rules.put(words.get(0), new Rule(words.get(1), max, length, words.size() > 4 ? words.get(4) : null));
    }
    validator.setCodeStore(new AbstractCodeStore() {
      @Override
      public String[] getValidCodes(String table) {
        return tables.get(table.replace("HL7", "")).toArray(String[]::new);
      }

      @Override
      public boolean knowsCodes(String table) {
        return tables.containsKey(table.replace("HL7", ""));
      }
    });
  }

  /** What does not conform. */
  List<String> faultsOf(Message message) throws Exception {
    List<String> faults = new ArrayList<>();
    for (Segment segment : segmentsOf(message)) {
      String name = segment.getName();
      if (name.startsWith("Z")) continue;
      Seg profile = new Seg();
      profile.setName(name);
      for (int number = 1; number <= segment.numFields(); number++) profile.setField(number, fieldOf(name + "-" + number));
      for (HL7Exception fault : validator.testSegment(segment, profile, "MDM")) faults.add(name + ": " + fault.getMessage());
      if (!name.equals("OBX")) continue;
      for (Type value : segment.getField(5)) {
        Type data = ((Varies) value).getData();
        if (!data.getName().equals("ED")) continue;
        Type[] parts = ((Composite) data).getComponents();
        for (int part = 2; part <= 5; part++) {
          Field rule = fieldOf("ED-" + part);
          for (HL7Exception fault : validator.testType(parts[part - 1], rule, parts[part - 1].encode(), "MDM")) {
            faults.add("OBX-5." + part + ": " + fault.getMessage());
          }
        }
      }
    }
    return faults;
  }

  /** A field nobody wrote a rule for is never used. */
  private Field fieldOf(String place) throws Exception {
    Rule rule = rules.getOrDefault(place, new Rule("X", 0, 0, null));
    Field field = new Field();
    field.setName(place);
    field.setUsage(rule.usage());
    field.setMin((short) (rule.usage().equals("R") ? 1 : 0));
    field.setMax((short) rule.max());
    field.setLength(rule.length() == 0 ? Integer.MAX_VALUE : rule.length());
    if (rule.table() != null) field.setTable(rule.table());
    return field;
  }

  private static List<Segment> segmentsOf(Group group) throws HL7Exception {
    List<Segment> found = new ArrayList<>();
    for (String name : group.getNames()) {
      for (Structure one : group.getAll(name)) {
        if (one instanceof Segment segment && !segment.isEmpty()) found.add(segment);
        else if (one instanceof Group inner) found.addAll(segmentsOf(inner));
      }
    }
    return found;
  }
}
