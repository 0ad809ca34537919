# Help and completion.
Router>?
  disable   Turn off privileged commands
  enable    Turn on privileged commands
  exit      Exit from the EXEC
  help      Description of the interactive help system
  logout    Exit from the EXEC
  quit      Exit from the EXEC
  show      Show running system information
  terminal  Set terminal line parameters
Router>show ?
  clock      Display the system clock
  history    Display the session command history
  ip         IP information
  platform   Platform information
  privilege  Show current privilege level
  version    System hardware and software status
Router>show ip nat translations ?
  ahp      Authentication Header entries only
  esp      Encapsulating Security Payload entries only
  filter   Entries of a range of addresses only
  gre      Generic Routing Encapsulation entries only
  icmp     Internet Control Message Protocol entries only
  inside   Entries with this inside address only
  outside  Entries with this outside address only
  sctp     Stream Control Transmission Protocol entries only
  tcp      Transmission Control Protocol entries only
  total    Number of translations only
  udp      User Datagram Protocol entries only
  verbose  Show extra information
  |        Output modifiers
  <cr>
Router>show p?
platform   privilege
Router>sh ve?
version
Router>show xyz ?
% Unrecognized command
Router>show xyz?
% Unrecognized command
Router>zz?
% Unrecognized command
Router>show version ?
  |     Output modifiers
  <cr>
Router>show version | ?
  begin    Begin with the line that matches
  count    Count number of lines which match regexp
  exclude  Exclude lines that match
  include  Include lines that match
  section  Filter a section of output
Router>show version | inc ?
  LINE  Regular Expression
Router>terminal length ?
  <0-512>  Number of lines on screen (0 for no pausing)
Router>enable
Router#?
  clear      Reset functions
  configure  Enter configuration mode
  copy       Copy from one file to another
  debug      Debugging functions (see also 'undebug')
  disable    Turn off privileged commands
  enable     Turn on privileged commands
  erase      Erase a configuration
  exit       Exit from the EXEC
  help       Description of the interactive help system
  logout     Exit from the EXEC
  no         Negate a command or set its defaults
  quit       Exit from the EXEC
  show       Show running system information
  terminal   Set terminal line parameters
  undebug    Disable debugging functions (see also 'debug')
  write      Write running configuration to memory
Router#show ru?
running-config
Router#configure ?
  terminal  Configure from the terminal
  <cr>
Router#debug ?
  ip  IP information
Router#clear ip nat translation ?
  *        Delete all dynamic translations
  forced   Delete all dynamic translations, also those in use
  inside   Inside addresses of the translation
  outside  Outside addresses of the translation
  tcp      Transmission Control Protocol
  udp      User Datagram Protocol
Router#conf t
Enter configuration commands, one per line.  End with CNTL/Z.
Router(config)#?
  access-list  Add an access list entry
  do           To run exec commands in config mode
  enable       Modify enable password parameters
  end          Exit from configure mode
  exit         Exit from current configuration mode
  hostname     Set system's network name
  interface    Select an interface to configure
  ip           Global IP configuration subcommands
  line         Configure a terminal line
  no           Negate a command or set its defaults
Router(config)#ip nat inside source ?
  list    Specify access list describing local addresses
  static  Specify static local->global mapping
Router(config)#ip nat inside source static ?
  A.B.C.D  Inside local IP address
  tcp      Transmission Control Protocol
  udp      User Datagram Protocol
Router(config)#ip nat inside source list ?
  <1-2699>  Access list number for local addresses
  WORD      Access list name for local addresses
Router(config)#ip nat inside source list 1 ?
  interface  Specify interface for global address
  pool       Name pool of global addresses
Router(config)#ip nat inside source list 1 pool P ?
  overload  Overload an address translation
  <cr>
Router(config)#ip nat translation ?
  dns-timeout     Specify timeout for NAT DNS flows
  finrst-timeout  Specify timeout for NAT TCP flows after a FIN or RST
  icmp-timeout    Specify timeout for NAT ICMP flows
  max-entries     Specify maximum number of NAT entries
  port-timeout    Specify timeout for NAT TCP/UDP port specific flows
  syn-timeout     Specify timeout for NAT TCP flows after a SYN and no further data
  tcp-timeout     Specify timeout for NAT TCP flows
  timeout         Specify timeout for dynamic NAT translations
  udp-timeout     Specify timeout for NAT UDP flows
Router(config)#no ?
  access-list  Remove an access list
  enable       Modify enable password parameters
  hostname     Set system's network name
  interface    Select an interface to configure
  ip           Global IP configuration subcommands
  line         Configure a terminal line
Router(config)#no ip ?
  access-list  Named access-list
  nat          NAT configuration commands
  route        Establish static routes
Router(config)#do show ?
  access-lists    List access lists
  clock           Display the system clock
  debugging       State of each debugging option
  history         Display the session command history
  ip              IP information
  platform        Platform information
  privilege       Show current privilege level
  running-config  Current operating configuration
  startup-config  Contents of startup configuration
  version         System hardware and software status
Router(config)#access-list ?
  <1-99>       Standard IP access-list number
  <100-199>    Extended IP access-list number
  <1300-1999>  Standard IP access-list number (expanded range)
  <2000-2699>  Extended IP access-list number (expanded range)
Router(config)#access-list 1 ?
  <1-2147483647>  Sequence Number
  deny            Specify packets to reject
  permit          Specify packets to forward
  remark          Access list entry comment
Router(config)#enable secret ?
  0     Specifies an UNENCRYPTED password will follow
  5     Specifies a MD5 HASHED secret will follow
  8     Specifies a PBKDF2 HASHED secret will follow
  9     Specifies a SCRYPT HASHED secret will follow
  LINE  The UNENCRYPTED (cleartext) or HASHED secret, as its type says
Router(config)#interface ?
  WORD  Interface name, as Linux or the interface map spells it
Router(config)#interface eth1
Router(config-if)#?
  description  Interface specific description
  do           To run exec commands in config mode
  end          Exit from configure mode
  exit         Exit from current configuration mode
  ip           Interface Internet Protocol config commands
  no           Negate a command or set its defaults
  shutdown     Shutdown the selected interface
Router(config-if)#ip ?
  address             Set the IP address of an interface
  nat                 NAT interface commands
  tcp                 TCP interface commands
  virtual-reassembly  Virtual Fragment Reassembly (VFR)
Router(config-if)#ip nat ?
  inside   Inside interface for address translation
  outside  Outside interface for address translation
Router(config-if)#ip access-list extended E
Router(config-ext-nacl)#permit tcp any ?
  A.B.C.D  Destination address
  any      Any destination host
  eq       Match only packets on a given port number
  gt       Match only packets with a greater port number
  host     A single destination host
  lt       Match only packets with a lower port number
  neq      Match only packets not on a given port number
  range    Match only packets in the range of port numbers
Router(config-ext-nacl)#end
*TIME: %SYS-5-CONFIG_I: Configured from console by console
Router#show r<Tab>
show running-config |
Router#sh<Tab>
show |
Router#e<Tab>
e|
Router#show ip nat tr<Tab>
show ip nat translations |
Router#zzz<Tab>
zzz|
Router#show ip nat statistics<Tab>
show ip nat statistics |
